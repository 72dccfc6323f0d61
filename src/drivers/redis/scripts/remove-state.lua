--[[
  Removes the state of an entry if the term is still the newest. A definition stays.

  KEYS[1]  term
  KEYS[2]  states
  KEYS[3]  order
  ARGV[1]  fencing token of the term
  ARGV[2]  entry name
  returns  1, or 0 when nothing was removed because another term has begun
]]
--- @include newest-term
denied = lacking('HDEL', KEYS[2], '')
  or lacking('ZREM', KEYS[3], '')
  or failing('HDEL', KEYS[2], '')
  or failing('ZREM', KEYS[3], '')
if denied then return denied end
redis.call('HDEL', KEYS[2], ARGV[2])
redis.call('ZREM', KEYS[3], '- ' .. ARGV[2])
return 1
