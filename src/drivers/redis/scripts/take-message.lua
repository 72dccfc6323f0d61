--[[
  Moves the next message to the unacknowledged ones, in one step: kombu, which does it in two, loses a message when its
  worker dies between them.

  KEYS[1]  unacked: HASH, tag → [envelope, exchange, routing key]
  KEYS[2]  unacked_index: ZSET, tag by the time of its delivery
  KEYS[3]  and all others: the lists, in the order in which they are consumed
  ARGV[1]  tag
  ARGV     then the queue of each list, as JSON
  returns  nil if all lists are empty; envelope, and the position of its list (from 1)
]]
--- @include rights
--- @include server-time
local denied = lacking('LINDEX', KEYS[3], '0')
  or lacking('RPOP', KEYS[3])
  or lacking('ZADD', KEYS[2], '0', '')
  or lacking('HSET', KEYS[1], '', '')
if denied then return denied end
for i = 3, #KEYS do
  local envelope = redis.call('LINDEX', KEYS[i], '-1')
  if envelope then
    -- The last write removes the message, so that a missing right loses none.
    redis.call('ZADD', KEYS[2], score(now()), ARGV[1])
    redis.call('HSET', KEYS[1], ARGV[1], '[' .. envelope .. ', "", ' .. ARGV[i - 1] .. ']')
    redis.call('RPOP', KEYS[i])
    return {envelope, i - 2}
  end
end
