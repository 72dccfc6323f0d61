--[[
  Reads the oldest commands one by one up to the first long one, and returns the key of that one instead of its text.
  Redis copies what a script reads: several long texts would take longer than the leader waits.

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
