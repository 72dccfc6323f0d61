--[[
  Checks the rights and keys to push messages to lists and to publish messages on channels, and defines `push` and
  `publish`. Follows `rights` and `slice`; `denied`, `first` and `at` are declared.

  KEYS     from `first`: the lists to push to; then the binding sets to add to, one for each member
  ARGV     from `at`: number of PUBLISH calls; per call: channel, message
           then number of lists; per list: number of messages, the messages
           then per binding set: the member

  A published message cannot be withdrawn, so `publish` comes last, when no other command can fail. Before Redis 7 only
  a PUBLISH shows whether this user may publish: there `push` begins with the first call, before all writes.
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
local checked = redis.acl_check_cmd
for i = publish_from, checked and publish_to or 0, 2 do
  denied = denied or lacking('PUBLISH', ARGV[i], '')
end
for k = first, lists_end do denied = denied or failing('LLEN', KEYS[k]) end
for k = lists_end + 1, #KEYS do denied = denied or failing('SCARD', KEYS[k]) end
if denied then return denied end

local receivers = {}
local rest_from = publish_from

local function publish_calls(from, to)
  for i = from, to, 2 do receivers[i] = redis.pcall('PUBLISH', ARGV[i], ARGV[i + 1]) end
end

-- Returns an error reply if a command failed, otherwise nil.
local function push()
  if not checked and publish_from < publish_to then
    publish_calls(publish_from, publish_from)
    denied = failure('PUBLISH', ARGV[publish_from], receivers[publish_from])
    if denied then return denied end
    rest_from = publish_from + 2
  end

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
  publish_calls(rest_from, publish_to)
  local unreceived = {}
  for i = publish_from, publish_to, 2 do
    if type(receivers[i]) ~= 'number' or receivers[i] == 0 then
      unreceived[#unreceived + 1] = (i - publish_from) / 2 + 1
    end
  end
  return unreceived
end
