--[[
  Checks the rights and keys to write entries, and defines `write_changes`. Follows `compare-states`; moves `first` and
  `at` on.

  KEYS[2]  states
  KEYS[3]  order
  KEYS     from `first`, unless no definition is concerned: definitions, names
  ARGV     from `at`: number of changes that concern definitions; for each: the position of the change (from 1), due (''
           for an entry that has no definition from now on), definition ('' for the present one)

  A change that removes the state ('') concerns the definition too.
]]
local states, order = KEYS[2], KEYS[3]
local stored, stored_from = tonumber(ARGV[at]), at + 1
local definitions, names
-- Members of the order for entries without a definition that have no state yet.
local added, of_stored = {}, {}
at = stored_from + 3 * stored
for i = stored_from, at - 1, 3 do of_stored[tonumber(ARGV[i])] = true end
for i = 1, n do
  if ARGV[pairs_end + i] == '' and not of_stored[i] then
    added[#added + 1] = 0
    added[#added + 1] = '- ' .. ARGV[1 + 2 * i]
  end
end
if stored > 0 or #added > 0 then
  denied = denied or lacking('ZCARD', order) or lacking('ZADD', order, '0', '') or failing('ZCARD', order)
end
if stored > 0 then
  definitions, names = KEYS[first], KEYS[first + 1]
  first = first + 2
  denied = denied
    or lacking('HMGET', definitions, '')
    or lacking('HSET', definitions, '', '')
    or lacking('HDEL', definitions, '')
    or lacking('HDEL', states, '')
    or lacking('ZREM', order, '')
    or lacking('ZCARD', names)
    or lacking('ZADD', names, '0', '')
    or lacking('ZREM', names, '')
    or failing('HMGET', definitions, '')
    or failing('ZCARD', names)
end
if denied then return denied end

local function write_definition(name, state, due, definition)
  local old = redis.call('HMGET', definitions, name)[1]
  local old_due, old_definition = (old or ''):match('^(%S+) (.*)$')
  if definition == '' then definition = old_definition end
  if due == '' then definition = nil end
  if old_due and (old_due ~= due or not definition) then redis.call('ZREM', order, old_due .. ' ' .. name) end
  if definition then
    redis.call('HSET', definitions, name, due .. ' ' .. definition)
    if old_due ~= due then redis.call('ZADD', order, 0, due .. ' ' .. name) end
    if not old_due then
      redis.call('ZADD', names, 0, name)
      redis.call('ZREM', order, '- ' .. name)
    end
  else
    redis.call('HDEL', definitions, name)
    redis.call('ZREM', names, name)
    if state == '' then redis.call('ZREM', order, '- ' .. name)
    else redis.call('ZADD', order, 0, '- ' .. name) end
  end
  if state == '' then redis.call('HDEL', states, name) end
end

local function write_changes()
  for from = 3, pairs_end, SLICE do
    redis.call('HSET', states, unpack(ARGV, from, math.min(from + SLICE - 1, pairs_end)))
  end
  for from = 1, #added, SLICE do
    redis.call('ZADD', order, unpack(added, from, math.min(from + SLICE - 1, #added)))
  end
  for i = stored_from, stored_from + 3 * (stored - 1), 3 do
    local change = tonumber(ARGV[i])
    write_definition(ARGV[1 + 2 * change], ARGV[2 + 2 * change], ARGV[i + 1], ARGV[i + 2])
  end
end
