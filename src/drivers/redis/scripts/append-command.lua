--[[
  Appends a command and notifies the leader.

  KEYS[1]  commands
  ARGV[1]  the command
  ARGV[2]  channel
  returns  1

  A sender without the right to publish still appends: the leader finds the command when it polls.
]]
--- @include rights
local denied = lacking('RPUSH', KEYS[1], '')
if denied then return denied end
denied = failing('RPUSH', KEYS[1], ARGV[1])
if denied then return denied end
redis.pcall('PUBLISH', ARGV[2], '')
return 1
