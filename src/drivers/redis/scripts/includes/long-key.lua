--[[
  Defines `long_key`, which returns the key of a log element that has too many bytes for a command, otherwise false. The
  key has the element's length and the digest of its beginning.
]]
local function long_key(text, longest)
  if #text <= longest then return false end
  return 'oversized ' .. #text .. ' ' .. redis.sha1hex(string.sub(text, 1, 1000))
end
