--[[
  Removes an unacknowledged message.

  KEYS[1]  unacked
  KEYS[2]  unacked_index
  ARGV[1]  tag
  returns  1, or 0 if the message is no longer unacknowledged
]]
--- @include rights
local denied = lacking('ZREM', KEYS[2], '') or lacking('HDEL', KEYS[1], '')
if denied then return denied end
redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('HDEL', KEYS[1], ARGV[1])
