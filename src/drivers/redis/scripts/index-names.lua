--[[
  Adds names to the index, or removes them, as their entries exist or not.

  KEYS[1]  term
  KEYS[2]  definitions
  KEYS[3]  names
  ARGV[1]  fencing token of the term
  ARGV     then names, at most 4,000
  returns  1, or 0 when another term has begun
]]
--- @include newest-term
denied = lacking('HMGET', KEYS[2], '') or lacking('ZADD', KEYS[3], '0', '') or lacking('ZREM', KEYS[3], '')
if denied then return denied end
local found = redis.call('HMGET', KEYS[2], unpack(ARGV, 2))
for i, definition in ipairs(found) do
  if definition then redis.call('ZADD', KEYS[3], 0, ARGV[i + 1])
  else redis.call('ZREM', KEYS[3], ARGV[i + 1]) end
end
return 1
