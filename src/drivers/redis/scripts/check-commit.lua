--[[
  Returns what `commit` would return for a batch with a message that cannot be published.

  KEYS[1]  term
  KEYS[2]  states
  KEYS[3]  order
  KEYS     then as for `finish-commands`
  ARGV     as for `compare-states` and `finish-commands`
  returns  as `commit`, but {'rejected'} where it would commit
]]
--- @include compare-states
local first = 4
--- @include finish-commands
if not repeated then return {'rejected'} end
finish_commands()
return {'committed'}
