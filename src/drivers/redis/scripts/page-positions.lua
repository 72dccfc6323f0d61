--[[
  Reads the next members of the order alone.

  KEYS[1]  order
  ARGV     as for `walk-order`: lower bound, upper bound, limit, `last` of the page before
  returns  `last`; per member {member, 1}, or {member} for bytes that are not UTF-8
]]
--- @include walk-order
local rows = {}
for i, member in ipairs(members) do rows[i] = {member, is_text(member) and 1} end
return {last, rows}
