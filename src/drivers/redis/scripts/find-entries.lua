--[[
  Reads entries.

  KEYS[1]  definitions
  KEYS[2]  states
  ARGV     names
  returns  per name {name, due and definition, state}; nil where one is missing
]]
--- @include read-entries
return read_entries(ARGV, ARGV, 1)
