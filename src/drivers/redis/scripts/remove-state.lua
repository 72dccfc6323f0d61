--[[
  Removes the state of a declared entry, and of a stored one, if the term is still the newest.

  KEYS[1]  term
  KEYS[2]  states
  KEYS[3]  states of stored entries
  ARGV[1]  fencing token of the term
  ARGV[2]  entry name
  returns  1, or 0 when nothing was removed because another term has begun
]]
--- @include newest-term
denied = lacking('HDEL', KEYS[2], '')
  or lacking('HDEL', KEYS[3], '')
  or failing('HDEL', KEYS[2], '')
  or failing('HDEL', KEYS[3], '')
if denied then return denied end
redis.call('HDEL', KEYS[2], ARGV[2])
redis.call('HDEL', KEYS[3], ARGV[2])
return 1
