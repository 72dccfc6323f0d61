-- Defines `now`, the server's time in seconds, and `score`, which formats it as a score of kombu.
local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) + tonumber(time[2]) / 1000000
end
local function score(seconds) return string.format('%.3f', seconds) end
