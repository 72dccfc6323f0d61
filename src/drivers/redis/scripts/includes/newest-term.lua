--[[
  Returns 0 from the script unless the term is the newest. Declares `denied`.

  KEYS[1]  term
  ARGV[1]  fencing token
]]
--- @include rights
local denied = failing('GET', KEYS[1])
if denied then return denied end
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
