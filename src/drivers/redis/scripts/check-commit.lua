--[[
  Returns what `commit` would return for a batch with a message that cannot be published.

  KEYS[1]  term
  KEYS[2]  states
  ARGV     as for `compare-states`
  returns  as `commit`, but {'rejected'} where it would commit
]]
--- @include compare-states
return repeated and {'committed'} or {'rejected'}
