--[[
  Reads the next entries in order. Reads a member as one without an entry if the entry also has a member with its due
  time. Otherwise the leader would load the entry twice, and each commit would conflict.

  KEYS[1]  order
  KEYS[2]  definitions
  KEYS[3]  states
  ARGV     as for `walk-order`: lower bound, upper bound, limit, `last` of the page before
  returns  `last`; per member {member, due and definition, state}
]]
--- @include read-entries
--- @include walk-order
local names = {}
for i, member in ipairs(members) do
  names[i] = is_text(member) and member:match('^%S+ (.*)$') or ''
end
local rows = read_entries(names, members, 2)
if rows.err then return rows end
for i, row in ipairs(rows) do
  local due = (row[2] or ''):match('^%d+ ') or (row[2] or ''):match('^never ')
  local own = due and due .. names[i]
  if own and own ~= row[1] and #redis.call('ZRANGEBYLEX', KEYS[1], '[' .. own, '[' .. own) > 0 then
    row[2] = false
  end
end
return {last, rows}
