--[[
  Defines `split_message`, which splits what is stored for an unacknowledged message, `[envelope, "", "queue"]`, into
  envelope and queue. An envelope cannot contain the separator before the last text of the array outside of a text.
]]
local function split_message(stored)
  local envelope, queue = stored:match('^%[(.*), "", (".*")%]$')
  if envelope then return envelope, cjson.decode('[' .. queue .. ']')[1] end
end
