--[[
  Finds traces of RedBeat. Reads due times from its whole set, but not the names of entries, which may be long.

  KEYS[1]  RedBeat's lock
  KEYS[2]  RedBeat's sorted set of entries by due time
  returns  1 if the lock is held, else 0; the due times
]]
-- The most due times to read. The first ones alone may belong to disabled entries, whose due times do not change.
local SAMPLES = 16
local count = redis.call('ZCARD', KEYS[2])
local step = math.max(1, (count - 1) / (SAMPLES - 1))
local due = {}
for i = 0, math.min(count, SAMPLES) - 1 do
  local index = math.floor(i * step)
  due[i + 1] = redis.call('ZRANGE', KEYS[2], index, index, 'WITHSCORES')[2]
end
return {redis.call('EXISTS', KEYS[1]), table.concat(due, ' ')}
