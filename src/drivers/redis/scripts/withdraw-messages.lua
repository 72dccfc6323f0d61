--[[
  Removes the messages of withdrawn runs as `remove-messages` does, and appends a row for each to the history.

  KEYS[1]  term
  KEYS[2]  ids of the messages, in order
  KEYS[3]  messages by id
  KEYS     then as for `history`
  ARGV[1]  fencing token of the term
  ARGV[2]  number of rows; then the id of the message of each; then as for `history`; then the ids
  returns  as `remove-messages`, or the ids of rows whose messages were already removed; nothing was changed then
]]
--- @include outbox-remove
denied = lacking('HEXISTS', KEYS[3], '')
if denied then return denied end
local first, at = 4, 3 + tonumber(ARGV[2])
--- @include history

local gone = {}
for i = 3, 2 + tonumber(ARGV[2]) do
  if redis.call('HEXISTS', KEYS[3], ARGV[i]) == 0 then gone[#gone + 1] = ARGV[i] end
end
if #gone > 0 then return gone end

remove_messages(at)
append_history()
count_minutes()
return 1
