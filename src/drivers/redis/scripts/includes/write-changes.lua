--[[
  Checks the rights and keys for stored entries, and defines `write_changes`. Follows `compare-states`; moves `first` and
  `at` on.

  KEYS[2]  states, or states of stored entries
  KEYS     from `first`, for stored entries: definitions, order, names, term in which the names were complete
  ARGV     from `at`: 1 for stored entries, 0 for declared ones; for stored ones per change: due ('' for an entry to
           remove), definition ('' for the present one)
]]
local of_entries = ARGV[at] == '1'
at = at + 1
local states, entries_from = KEYS[2], at
local entries, order, index, index_term, is_indexed
if of_entries then
  entries, order, index, index_term = KEYS[first], KEYS[first + 1], KEYS[first + 2], KEYS[first + 3]
  first, at = first + 4, at + 2 * n
  denied = denied
    or lacking('HMGET', entries, '')
    or lacking('HSET', entries, '', '')
    or lacking('HDEL', entries, '')
    or lacking('HDEL', states, '')
    or lacking('ZCARD', order)
    or lacking('ZADD', order, '0', '')
    or lacking('ZREM', order, '')
    or lacking('ZADD', index, '0', '')
    or lacking('ZREM', index, '')
    or lacking('SET', index_term, '', 'NX')
    or failing('HMGET', entries, '')
    or failing('ZCARD', order)
  if denied then return denied end
  -- Entries do without the index by name: searches read all names until a leader has completed it.
  is_indexed = not failing('ZREM', index, '')
end

local function write_entries()
  if not is_indexed then redis.call('SET', index_term, '') end
  for i = 1, n do
    local name, state = ARGV[1 + 2 * i], ARGV[2 + 2 * i]
    local due, definition = ARGV[entries_from + 2 * i - 2], ARGV[entries_from + 2 * i - 1]
    local old = redis.call('HMGET', entries, name)[1]
    local old_due, old_definition = (old or ''):match('^(%S+) (.*)$')
    if old_due and old_due ~= due then redis.call('ZREM', order, old_due .. ' ' .. name) end
    if definition == '' then definition = old_definition end
    if due == '' then
      redis.call('HDEL', entries, name)
      redis.call('HDEL', states, name)
      if is_indexed then redis.call('ZREM', index, name) end
    elseif definition then
      redis.call('HSET', entries, name, due .. ' ' .. definition)
      redis.call('HSET', states, name, state)
      if old_due ~= due then redis.call('ZADD', order, 0, due .. ' ' .. name) end
      -- Completing the index of names walks along the order: an entry that moves back may have been passed by.
      if is_indexed and (not old_due or due < old_due) then redis.call('ZADD', index, 0, name) end
    end
  end
end

local function write_changes()
  if of_entries then return write_entries() end
  for from = 3, pairs_end, SLICE do
    redis.call('HSET', states, unpack(ARGV, from, math.min(from + SLICE - 1, pairs_end)))
  end
end
