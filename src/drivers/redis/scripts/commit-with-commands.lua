--[[
  The same as `commit` for a batch that also finishes commands.

  KEYS[1]  term
  KEYS[2]  states
  KEYS     then as for `finish-commands`, `history` and `push`
  ARGV     as for `compare-states`, `finish-commands`, `history` and `push`
  returns  as `commit`
]]
--- @include compare-states
local first = 3
--- @include finish-commands
if repeated then
  finish_commands()
  return {'committed'}
end
--- @include history
--- @include push
--- @include write-states

denied = push()
if denied then return denied end
write_states()
append_history()
count_minutes()
finish_commands()
return {'committed', publish()}
