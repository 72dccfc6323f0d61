--[[
  Checks the rights and keys to append messages to the outbox, and defines `append_messages` and `find_removed`. Follows
  `compare-states`.

  KEYS[4]  ids of the messages, in order
  KEYS[5]  messages by id
  ARGV     from `at`, per message: id, encoded message

  A message that cannot be removed would be published again by every term, so the rights to remove are checked too.
]]
denied = denied
  or lacking('HEXISTS', KEYS[5], '')
  or lacking('ZCARD', KEYS[4])
  or lacking('HLEN', KEYS[5])
  or lacking('HSET', KEYS[5], '', '')
  or lacking('ZADD', KEYS[4], '0', '')
  or lacking('ZREM', KEYS[4], '')
  or lacking('HDEL', KEYS[5], '')
  or failing('ZCARD', KEYS[4])
  or failing('HLEN', KEYS[5])
if denied then return denied end

-- Returns the positions (from 1) of the messages that are not in the outbox.
local function find_removed()
  local removed = {}
  for i = at, #ARGV, 2 do
    if redis.call('HEXISTS', KEYS[5], ARGV[i]) == 0 then removed[#removed + 1] = (i - at) / 2 + 1 end
  end
  return removed
end

local function append_messages()
  for from = at, #ARGV, SLICE do
    local to = math.min(from + SLICE - 1, #ARGV)
    redis.call('HSET', KEYS[5], unpack(ARGV, from, to))
    local scored = {}
    for i = from, to, 2 do
      scored[#scored + 1] = 0
      scored[#scored + 1] = ARGV[i]
    end
    redis.call('ZADD', KEYS[4], unpack(scored))
  end
end
