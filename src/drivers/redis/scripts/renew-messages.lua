--[[
  Renews messages for all consumers: Celery's workers also deliver a message again, after their visibility timeout.

  KEYS[1]  unacked_index
  ARGV     tags
  returns  nil
]]
--- @include server-time
local seconds = score(now())
for _, tag in ipairs(ARGV) do redis.call('ZADD', KEYS[1], 'XX', seconds, tag) end
