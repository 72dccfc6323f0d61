--[[
  Declares `now`, the time of the server in epoch milliseconds, and defines `all_instances`.

  KEYS[1]  instances
]]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Returns ids and announcements in turn, all of them.
local function all_instances()
  return redis.call('HSCAN', KEYS[1], '0', 'COUNT', '10000')[2]
end
