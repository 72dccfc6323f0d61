--[[
  Checks the rights and keys to finish commands, and defines `finish_commands`. Returns from the script with a conflict
  of all changes if the states of the commit are in the store, but not the audit rows of its commands. Follows
  `compare-states`; moves `first` and `at` on.

  KEYS     from `first`, unless there are no commands: commands, audit rows, their order
  ARGV     from `at`: number of commands; unless it is 0: bytes of the longest command, audit rows that stay, and
           per command: key, id ('' for none), audit row
]]
--- @include long-key
-- The most elements at the head of the log that are searched for a command: commands before it may wait for a reload.
local MAX_WAITING = 2000

local finished = tonumber(ARGV[at])
at = at + 1
local commands, audit, audit_order, longest_command, audit_rows, finish_from
if finished > 0 then
  commands, audit, audit_order = KEYS[first], KEYS[first + 1], KEYS[first + 2]
  longest_command, audit_rows = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  finish_from = at + 2
  first, at = first + 3, finish_from + 3 * finished
  denied = denied
    or lacking('LREM', commands, '1', '')
    or lacking('LRANGE', commands, '0', '0')
    or lacking('HMGET', audit, '')
    or lacking('HSET', audit, '', '')
    or lacking('HDEL', audit, '')
    or lacking('LPUSH', audit_order, '')
    or lacking('LLEN', audit_order)
    or lacking('RPOP', audit_order)
    or failing('LLEN', commands)
    or failing('HMGET', audit, '')
    or failing('LLEN', audit_order)
  if denied then return denied end
end

-- Two commands may lead to the same states: the commit is repeated only if its commands have audit rows.
if repeated and finished > 0 then
  for i = finish_from, finish_from + 3 * (finished - 1), 3 do
    if ARGV[i + 1] ~= '' and not redis.call('HMGET', audit, ARGV[i + 1])[1] then
      for j = 1, n do conflicts[j] = j end
      return {'conflict', conflicts}
    end
  end
end

local function remove_command(key)
  if redis.call('LREM', commands, 1, key) > 0 or not key:find('^oversized ') then return end
  for i = 0, math.min(redis.call('LLEN', commands), MAX_WAITING) - 1 do
    local text = redis.call('LRANGE', commands, i, i)[1]
    if long_key(text, longest_command) == key then return redis.call('LREM', commands, 1, text) end
  end
end

local function finish_commands()
  if finished == 0 then return end
  for i = finish_from, finish_from + 3 * (finished - 1), 3 do
    remove_command(ARGV[i])
    if ARGV[i + 1] ~= '' and redis.call('HSET', audit, ARGV[i + 1], ARGV[i + 2]) == 1 then
      redis.call('LPUSH', audit_order, ARGV[i + 1])
    end
  end
  while redis.call('LLEN', audit_order) > audit_rows do
    redis.call('HDEL', audit, redis.call('RPOP', audit_order))
  end
end
