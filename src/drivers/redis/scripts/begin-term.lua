--[[
  Begins a term.

  KEYS[1]  term
  KEYS[2]  states
  KEYS[3]  term in which the index of stored entries by name was complete: this one, if it was the last one
  KEYS[4]  the history of an entry without a name; absent without a history
  KEYS[5]  the counts of minutes; absent without a history
  returns  its fencing token: one more than the last, and never less than the time in microseconds, so that it grows
           even when the last was lost with all other keys

  A leader that cannot write states would block other instances, so the script also checks the rights to read and write
  states and to append to the history.
]]
--- @include rights
local denied = lacking('TIME', '')
  or lacking('GET', KEYS[1])
  or lacking('SET', KEYS[1], '')
  or lacking('HSCAN', KEYS[2], '0')
  or lacking('HMGET', KEYS[2], '')
  or lacking('HSET', KEYS[2], '', '')
  or KEYS[4] and (lacking('RPUSH', KEYS[4], '') or lacking('LTRIM', KEYS[4], '0', '0'))
  or KEYS[5] and (lacking('HMGET', KEYS[5], '') or lacking('HSET', KEYS[5], '', ''))
if denied then return denied end

local time = redis.pcall('TIME')
local last = redis.pcall('GET', KEYS[1])
denied = failure('TIME', '', time) or failure('GET', KEYS[1], last)
if denied then return denied end
local indexed = redis.pcall('GET', KEYS[3])
denied = failure('GET', KEYS[3], indexed)
-- A term does without the index by name.
if denied and not denied.err:find('WRONGTYPE', 1, true) then return denied end
local lowest = tonumber(time[1]) * 1000000 + tonumber(time[2])
local before = tonumber(last) or 0
-- No term has a number that Lua rounds.
if before >= 2 ^ 53 then before = 0 end
local token = math.max(before + 1, lowest)
denied = failure('SET', KEYS[1], redis.pcall('SET', KEYS[1], string.format('%.0f', token)))
if not denied and last and indexed == last then
  redis.call('SET', KEYS[3], string.format('%.0f', token))
end
return denied or token
