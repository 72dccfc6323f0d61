--[[
  Checks the rights and keys to append messages to the outbox, and defines `append_messages` and `find_removed`. Follows
  `compare-states`.

  KEYS[3]  ids of the messages, in order
  KEYS[4]  messages by id
  ARGV     from `at`, per message: id, encoded message

  A message that cannot be removed would be published again by every term, so the rights to remove are checked too.
]]
denied = denied
  or lacking('HEXISTS', KEYS[4], '')
  or lacking('ZCARD', KEYS[3])
  or lacking('HLEN', KEYS[4])
  or lacking('HSET', KEYS[4], '', '')
  or lacking('ZADD', KEYS[3], '0', '')
  or lacking('ZREM', KEYS[3], '')
  or lacking('HDEL', KEYS[4], '')
  or failing('ZCARD', KEYS[3])
  or failing('HLEN', KEYS[4])
if denied then return denied end

-- Returns the positions (from 1) of the messages that are not in the outbox.
local function find_removed()
  local removed = {}
  for i = at, #ARGV, 2 do
    if redis.call('HEXISTS', KEYS[4], ARGV[i]) == 0 then removed[#removed + 1] = (i - at) / 2 + 1 end
  end
  return removed
end

local function append_messages()
  for from = at, #ARGV, SLICE do
    local to = math.min(from + SLICE - 1, #ARGV)
    redis.call('HSET', KEYS[4], unpack(ARGV, from, to))
    local scored = {}
    for i = from, to, 2 do
      scored[#scored + 1] = 0
      scored[#scored + 1] = ARGV[i]
    end
    redis.call('ZADD', KEYS[3], unpack(scored))
  end
end
