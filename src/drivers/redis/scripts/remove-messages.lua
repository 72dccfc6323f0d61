--[[
  Removes messages from the outbox if the term is still the newest. Called without messages, it only checks the term and
  the rights to remove.

  KEYS[1]  term
  KEYS[2]  ids of the messages, in order
  KEYS[3]  messages by id
  ARGV[1]  fencing token of the term
  ARGV     then the ids
  returns  1, or 0 when nothing was removed because another term has begun
]]
--- @include outbox-remove
remove_messages(2)
return 1
