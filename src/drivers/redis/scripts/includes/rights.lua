--[[
  Checks of rights. Redis does not roll back a script that fails, so a script checks all of its commands before its
  first write.

  lacking(command, key, …)      an error reply if this user may not run the command on that key, otherwise false
  failure(command, key, reply)  an error reply for the reply to a failed `pcall`, otherwise false. The reply for a key
                                of another type is `WRONGTYPE` and the key, which Redis does not name
  failing(command, key, …)      the same for a command without effect, which it runs

  Redis before 7 has no function for `lacking`, so nothing is checked there.
]]
local function no_right(command, key)
  return redis.error_reply('NORIGHT ' .. command .. ' ' .. key)
end

local function failure(command, key, answer)
  local text = type(answer) == 'table' and answer.err
  if not text then return false end
  if text:find('WRONGTYPE', 1, true) then return redis.error_reply('WRONGTYPE ' .. key) end
  local denied = text:find('NOPERM', 1, true) or text:find('The user executing the script', 1, true)
  return denied and no_right(command, key) or answer
end

local function failing(command, key, ...)
  return failure(command, key, redis.pcall(command, key, ...))
end

local function lacking(command, key, ...)
  local check = redis.acl_check_cmd
  return check and not check(command, key, ...) and no_right(command, key) or false
end
