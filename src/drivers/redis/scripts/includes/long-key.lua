--[[
  Defines `long_key`, which returns the key of an element of the log that has too many bytes for a command, otherwise
  false. It has the element's length and the digest of its beginning.
]]
local function long_key(text, longest)
  if #text <= longest then return false end
  return 'oversized ' .. #text .. ' ' .. redis.sha1hex(string.sub(text, 1, 1000))
end
