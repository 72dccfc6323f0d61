--[[
  Commits a batch as `commit` does, but appends its messages to the outbox instead of publishing them.

  KEYS[1]  term
  KEYS[2]  states
  KEYS[3]  ids of the messages, in order
  KEYS[4]  messages by id
  KEYS     then as for `history`
  ARGV     as for `compare-states` and `history`; then per message: id, encoded message
  returns  as `compare-states`, or {'committed'}; for a repetition {'committed', positions (from 1) of the messages that
           were removed}
]]
--- @include compare-states
local first = 5
--- @include history
--- @include outbox-append
if repeated then return {'committed', find_removed()} end
--- @include write-states

append_messages()
write_states()
append_history()
count_minutes()
return {'committed'}
