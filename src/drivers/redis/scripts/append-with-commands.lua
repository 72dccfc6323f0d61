--[[
  The same as `append` for a batch that also finishes commands.

  KEYS[1]  term
  KEYS[2]  states
  KEYS[3]  ids of the messages, in order
  KEYS[4]  messages by id
  KEYS     then as for `finish-commands` and `history`
  ARGV     as for `compare-states`, `finish-commands` and `history`; then per message: id, encoded message
  returns  as `append`
]]
--- @include compare-states
local first = 5
--- @include finish-commands
--- @include history
--- @include outbox-append
if repeated then
  finish_commands()
  return {'committed', find_removed()}
end
--- @include write-states

append_messages()
write_states()
append_history()
count_minutes()
finish_commands()
return {'committed'}
