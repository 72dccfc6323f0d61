--[[
  Reads the announcements.

  KEYS[1]  instances
  returns  per instance: id, milliseconds since it was seen, announcement
]]
--- @include all-instances
local rows = {}
local all = all_instances()
for i = 1, #all, 2 do
  local seen, json = all[i + 1]:match('^(%d+) (.*)$')
  rows[#rows + 1] = all[i]
  rows[#rows + 1] = seen and now - tonumber(seen) or 0
  rows[#rows + 1] = json or all[i + 1]
end
return rows
