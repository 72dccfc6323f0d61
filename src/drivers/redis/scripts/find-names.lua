--[[
  Finds names in a complete index.

  KEYS[1]  term
  KEYS[2]  term in which the index was complete
  KEYS[3]  names
  ARGV[1]  lower bound, as for ZRANGEBYLEX
  ARGV[2]  limit
  returns  names, or nil while the index is not complete, or one of its keys has another type
]]
--- @include rights
local denied = failing('GET', KEYS[1])
if denied then return denied end
local term, indexed = redis.call('GET', KEYS[1]), redis.pcall('GET', KEYS[2])
local names = redis.pcall('ZRANGEBYLEX', KEYS[3], ARGV[1], '+', 'LIMIT', 0, ARGV[2])
denied = failure('GET', KEYS[2], indexed) or failure('ZRANGEBYLEX', KEYS[3], names)
if not term or indexed ~= term or denied and denied.err:find('WRONGTYPE', 1, true) then
  return false
end
return denied or names
