-- Defines `now`, the time of the server in seconds, and `score`: kombu's scores have that unit.
local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) + tonumber(time[2]) / 1000000
end
local function score(seconds) return string.format('%.3f', seconds) end
