--[[
  Reads the next members of the order alone.

  KEYS[1]  order
  ARGV     as for `walk-order`: lower bound, upper bound, limit, `last` of the page before
  returns  `last`, the members, and the numbers (from 1) of those that are not UTF-8
]]
--- @include walk-order
local invalid = {}
for i, member in ipairs(members) do
  if not is_text(member) then invalid[#invalid + 1] = i end
end
return {last, members, invalid}
