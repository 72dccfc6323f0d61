--[[
  Defines `write_states`. Follows `compare-states`.

  KEYS[2]  states
]]
local function write_states()
  for from = 3, pairs_end, SLICE do
    redis.call('HSET', KEYS[2], unpack(ARGV, from, math.min(from + SLICE - 1, pairs_end)))
  end
end
