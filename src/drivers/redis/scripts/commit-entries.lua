--[[
  The same as `commit` for a batch of stored entries, which may finish commands.

  KEYS[1]  term
  KEYS[2]  states of stored entries
  KEYS     then as for `finish-commands`, `write-entries`, `history` and `push`
  ARGV     as for `compare-states`, `finish-commands`, `write-entries`, `history` and `push`
  returns  as `commit`
]]
--- @include compare-states
local first = 3
--- @include finish-commands
--- @include write-entries
if repeated then
  finish_commands()
  return {'committed'}
end
--- @include history
--- @include push

denied = push()
if denied then return denied end
write_entries()
append_history()
count_minutes()
finish_commands()
return {'committed', publish()}
