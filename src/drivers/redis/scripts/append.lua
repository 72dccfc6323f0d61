--[[
  Commits a batch as `commit` does, but appends its messages to the outbox instead of publishing them.

  KEYS[1]  term
  KEYS[2]  states
  KEYS[3]  order
  KEYS[4]  ids of the messages, in order
  KEYS[5]  messages by id
  KEYS     then as for `finish-commands`, `write-changes` and `history`
  ARGV     as for `compare-states`, `finish-commands`, `write-changes` and `history`; then per message: id, encoded
           message
  returns  as `compare-states`, or {'committed'}; for a repetition {'committed', positions (from 1) of the messages that
           were removed}
]]
--- @include compare-states
local first = 6
--- @include finish-commands
--- @include write-changes
--- @include history
--- @include outbox-append
if repeated then
  finish_commands()
  return {'committed', find_removed()}
end

append_messages()
write_changes()
append_history()
count_minutes()
finish_commands()
return {'committed'}
