--[[
  Checks the rights and keys to push messages to lists and to publish messages on channels, and defines `push` and
  `publish`. Follows `rights` and `slice`; `denied`, `first` and `at` are declared.

  KEYS     from `first`: the lists to push to; then the binding sets to add to, one for each member
  ARGV     from `at`: number of PUBLISH calls; per call: channel, message
           then number of lists; per list: number of messages, the messages
           then per binding set: the member

  A published message cannot be withdrawn, so `publish` comes last, when no other command can fail.
]]
local publish_from, publish_to = at + 1, at + 2 * tonumber(ARGV[at])
local lists_end = first - 1 + tonumber(ARGV[publish_to + 1])
at = publish_to + 2
for k = first, lists_end do
  denied = denied or lacking('LLEN', KEYS[k]) or lacking('LPUSH', KEYS[k], '')
end
for k = lists_end + 1, #KEYS do
  denied = denied or lacking('SCARD', KEYS[k]) or lacking('SADD', KEYS[k], '')
end
for i = publish_from, publish_to, 2 do
  denied = denied or lacking('PUBLISH', ARGV[i], '')
end
for k = first, lists_end do denied = denied or failing('LLEN', KEYS[k]) end
for k = lists_end + 1, #KEYS do denied = denied or failing('SCARD', KEYS[k]) end
if denied then return denied end

-- Returns an error reply if a command failed, otherwise nil.
local function push()
  local member_at = at
  for _ = first, lists_end do member_at = member_at + 1 + tonumber(ARGV[member_at]) end
  for k = lists_end + 1, #KEYS do
    denied = failure('SADD', KEYS[k], redis.pcall('SADD', KEYS[k], ARGV[member_at]))
    if denied then return denied end
    member_at = member_at + 1
  end
  for k = first, lists_end do
    local last = at + tonumber(ARGV[at])
    for from = at + 1, last, SLICE do
      local to = math.min(from + SLICE - 1, last)
      denied = failure('LPUSH', KEYS[k], redis.pcall('LPUSH', KEYS[k], unpack(ARGV, from, to)))
      if denied then return denied end
    end
    at = last + 1
  end
end

-- Returns the positions (from 1) of the PUBLISH calls that no subscriber received.
local function publish()
  local unreceived = {}
  for i = publish_from, publish_to, 2 do
    local receivers = redis.pcall('PUBLISH', ARGV[i], ARGV[i + 1])
    if type(receivers) ~= 'number' or receivers == 0 then
      unreceived[#unreceived + 1] = (i - publish_from) / 2 + 1
    end
  end
  return unreceived
end
