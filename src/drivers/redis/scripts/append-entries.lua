--[[
  The same as `append` for a batch of stored entries, which may finish commands.

  KEYS[1]  term
  KEYS[2]  states of stored entries
  KEYS[3]  ids of the messages, in order
  KEYS[4]  messages by id
  KEYS     then as for `finish-commands`, `write-entries` and `history`
  ARGV     as for `compare-states`, `finish-commands`, `write-entries` and `history`; then per message: id, encoded
           message
  returns  as `append`
]]
--- @include compare-states
local first = 5
--- @include finish-commands
--- @include write-entries
--- @include history
--- @include outbox-append
if repeated then
  finish_commands()
  return {'committed', find_removed()}
end

append_messages()
write_entries()
append_history()
count_minutes()
finish_commands()
return {'committed'}
