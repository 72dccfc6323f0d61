--[[
  Releases a lock.

  KEYS[1]  lock
  ARGV[1]  the holder's value
  returns  1, or 0 when the lock is not the holder's

  Redlock's own script reports success when this user may not delete the lock.
]]
--- @include rights
local holder = redis.pcall('GET', KEYS[1])
local denied = failure('GET', KEYS[1], holder)
if denied then return denied end
if holder ~= ARGV[1] then return 0 end
local released = redis.pcall('DEL', KEYS[1])
return failure('DEL', KEYS[1], released) or released
