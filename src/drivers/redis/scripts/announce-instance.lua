--[[
  Stores the announcement of an instance, and removes those of instances that are gone.

  KEYS[1]  instances
  ARGV[1]  id
  ARGV[2]  announcement
  ARGV[3]  milliseconds after which an instance that did not announce itself is gone
  returns  1

  Redis replicates the effects instead of the script, because the script reads the time; Redis 7 always does so.
]]
if redis.replicate_commands then redis.replicate_commands() end
--- @include all-instances
redis.call('HSET', KEYS[1], ARGV[1], string.format('%d', now) .. ' ' .. ARGV[2])
local all = all_instances()
for i = 1, #all, 2 do
  local seen = tonumber(all[i + 1]:match('^%d+'))
  if not seen or math.abs(now - seen) >= tonumber(ARGV[3]) then redis.pcall('HDEL', KEYS[1], all[i]) end
end
return 1
