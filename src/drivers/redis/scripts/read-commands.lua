--[[
  Reads the oldest commands one by one, and returns the key of a long one instead of its text. It ends there: Redis
  copies what a script reads, and several long texts would take it longer than the leader waits.

  KEYS[1]  commands
  ARGV[1]  the number of commands to read
  ARGV[2]  bytes of the longest command
  ARGV[3]  bytes of all texts at most
  returns  for each, 1 and its text, or 0 and its key
]]
--- @include rights
--- @include long-key
local denied = failing('LRANGE', KEYS[1], '1', '0')
if denied then return denied end
local longest, most = tonumber(ARGV[2]), tonumber(ARGV[3])
local found, bytes = {}, 0
for i = 0, tonumber(ARGV[1]) - 1 do
  local text = redis.call('LRANGE', KEYS[1], i, i)[1]
  if not text then break end
  local key = long_key(text, longest)
  if not key then bytes = bytes + #text end
  if bytes > most then break end
  found[#found + 1] = key and {0, key} or {1, text}
  if key then break end
end
return found
