--[[
  Returns the messages of beat's dead consumers to their lists. Messages of Celery's workers stay: only the workers know
  their visibility timeout.

  KEYS[1]  unacked
  KEYS[2]  unacked_index
  ARGV[1]  seconds without a renewal after which a consumer is dead
  ARGV[2]  the prefix of all keys
  ARGV[3]  the beginning of the tags
  returns  nil
]]
--- @include rights
--- @include server-time
--- @include split-message
local denied = lacking('ZRANGEBYSCORE', KEYS[2], '-inf', '0')
  or lacking('HGET', KEYS[1], '')
  or lacking('ZREM', KEYS[2], '')
  or lacking('HDEL', KEYS[1], '')
if denied then return denied end
for _, tag in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', score(now() - ARGV[1]))) do
  local stored = tag:sub(1, #ARGV[3]) == ARGV[3] and redis.call('HGET', KEYS[1], tag)
  if stored then
    local envelope, queue = split_message(stored)
    if envelope then redis.call('RPUSH', ARGV[2] .. queue, envelope) end
    redis.call('ZREM', KEYS[2], tag)
    redis.call('HDEL', KEYS[1], tag)
  end
end
