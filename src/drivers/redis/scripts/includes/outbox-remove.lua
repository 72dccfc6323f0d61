--[[
  Checks the term and the rights and keys to remove messages, and defines `remove_messages`.

  KEYS[1]  term
  KEYS[2]  ids of the messages, in order
  KEYS[3]  messages by id
  ARGV[1]  fencing token of the term
]]
--- @include newest-term
--- @include slice
denied = lacking('ZREM', KEYS[2], '')
  or lacking('HDEL', KEYS[3], '')
  or failing('ZREM', KEYS[2], '')
  or failing('HDEL', KEYS[3], '')
if denied then return denied end

-- The ids are the arguments from this position to the last.
local function remove_messages(ids_from)
  for from = ids_from, #ARGV, SLICE do
    local to = math.min(from + SLICE - 1, #ARGV)
    redis.call('ZREM', KEYS[2], unpack(ARGV, from, to))
    redis.call('HDEL', KEYS[3], unpack(ARGV, from, to))
  end
end
