--[[
  Begins a term.

  KEYS[1]  term
  KEYS[2]  states
  KEYS[3]  order
  KEYS[4]  a key of the earlier layout
  KEYS[5]  another one
  KEYS[6]  the history of an entry without a name; absent without a history
  KEYS[7]  the counts of minutes; absent without a history
  returns  its fencing token: one more than the last, and never less than the time in microseconds, so that it grows
           even when the last was lost with all other keys; or {the key of the earlier layout that exists}

  A leader that cannot write states would block other instances, so the script also checks the rights to read and write
  states and to append to the history. Announcements of instances, which the leader makes too, are read with HSCAN.
]]
--- @include rights
local denied = lacking('TIME', '')
  or lacking('GET', KEYS[1])
  or lacking('SET', KEYS[1], '')
  or lacking('EXISTS', KEYS[4])
  or lacking('HSCAN', KEYS[2], '0')
  or lacking('HMGET', KEYS[2], '')
  or lacking('HSET', KEYS[2], '', '')
  or lacking('ZRANGEBYLEX', KEYS[3], '-', '+')
  or lacking('ZADD', KEYS[3], '0', '')
  or KEYS[6] and (lacking('RPUSH', KEYS[6], '') or lacking('LTRIM', KEYS[6], '0', '0'))
  or KEYS[7] and (lacking('HMGET', KEYS[7], '') or lacking('HSET', KEYS[7], '', ''))
if denied then return denied end
for i = 4, 5 do
  local found = redis.pcall('EXISTS', KEYS[i])
  denied = failure('EXISTS', KEYS[i], found)
  if denied then return denied end
  if found == 1 then return {KEYS[i]} end
end

local time = redis.pcall('TIME')
local last = redis.pcall('GET', KEYS[1])
denied = failure('TIME', '', time) or failure('GET', KEYS[1], last)
if denied then return denied end
local lowest = tonumber(time[1]) * 1000000 + tonumber(time[2])
local before = tonumber(last) or 0
-- The number of a term is never so large that Lua rounds it.
if before >= 2 ^ 53 then before = 0 end
local token = math.max(before + 1, lowest)
denied = failure('SET', KEYS[1], redis.pcall('SET', KEYS[1], string.format('%.0f', token)))
return denied or token
