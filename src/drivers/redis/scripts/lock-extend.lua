--[[
  Renews a lock.

  KEYS[1]  lock
  ARGV[1]  the holder's value
  ARGV[2]  its time to live, milliseconds
  returns  1, or 0 when the lock is not the holder's

  Redlock's own script writes the value again, which Redis rejects when its memory is full. The leader cannot publish
  then, but neither could another instance.
]]
--- @include rights
local holder = redis.pcall('GET', KEYS[1])
local denied = failure('GET', KEYS[1], holder)
if denied then return denied end
if holder ~= ARGV[1] then return 0 end
local renewed = redis.pcall('PEXPIRE', KEYS[1], ARGV[2])
return failure('PEXPIRE', KEYS[1], renewed) or renewed
