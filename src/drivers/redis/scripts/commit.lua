--[[
  Commits a batch: all of it or nothing.

  KEYS[1]  term
  KEYS[2]  states
  KEYS[3]  order
  KEYS     then as for `finish-commands`, `write-changes`, `history` and `push`
  ARGV     as for `compare-states`, `finish-commands`, `write-changes`, `history` and `push`
  returns  as `compare-states`, or {'committed', positions (from 1) of the PUBLISH calls that no subscriber received}
]]
--- @include compare-states
local first = 4
--- @include finish-commands
--- @include write-changes
if repeated then
  finish_commands()
  return {'committed'}
end
--- @include history
--- @include push

denied = push()
if denied then return denied end
write_changes()
append_history()
count_minutes()
finish_commands()
return {'committed', publish()}
