--[[
  Records whether the index of names is complete.

  KEYS[1]  term
  KEYS[2]  term in which the index is complete
  ARGV[1]  fencing token of the term
  ARGV[2]  the token again, or an empty text for an index that is not complete
  returns  1, or 0 when another term has begun
]]
--- @include newest-term
denied = lacking('SET', KEYS[2], '', 'NX')
if denied then return denied end
redis.call('SET', KEYS[2], ARGV[2])
return 1
