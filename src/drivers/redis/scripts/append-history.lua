--[[
  Appends rows that belong to no commit.

  KEYS     as for `history`
  ARGV     as for `history`
  returns  1
]]
--- @include rights
local denied, first, at = false, 1, 1
--- @include history
local failed = append_history()
if failed then return failed end
count_minutes()
return 1
