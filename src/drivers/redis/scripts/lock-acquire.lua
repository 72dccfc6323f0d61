--[[
  Acquires a lock that is free. It checks the rights to renew and to release first: a holder without them would block
  all other instances.

  KEYS[1]  lock
  ARGV[1]  the holder's value
  ARGV[2]  its time to live, milliseconds
  returns  1, or 0 when the lock is held
]]
--- @include rights
local denied = lacking('EXISTS', KEYS[1])
if denied then return denied end
if redis.call('EXISTS', KEYS[1]) == 1 then
  -- A key of another type never expires.
  local held = failing('GET', KEYS[1])
  return held and held.err:find('WRONGTYPE', 1, true) and held or 0
end
-- The key does not exist, so none of these commands changes anything.
denied = lacking('GET', KEYS[1]) or lacking('PEXPIRE', KEYS[1], ARGV[2]) or lacking('DEL', KEYS[1])
if denied then return denied end
local acquired = redis.pcall('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return failure('SET', KEYS[1], acquired) or 1
