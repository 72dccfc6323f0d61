--[[
  Commits a batch: all of it or nothing.

  KEYS[1]  term
  KEYS[2]  states
  KEYS     then as for `history` and `push`
  ARGV     as for `compare-states`, `history` and `push`
  returns  as `compare-states`, or {'committed', positions (from 1) of the PUBLISH calls that no subscriber received}
]]
--- @include compare-states
if repeated then return {'committed'} end
local first = 3
--- @include history
--- @include push
--- @include write-states

denied = push()
if denied then return denied end
write_states()
append_history()
count_minutes()
return {'committed', publish()}
