--[[
  The beginning of a commit: compares the states, and returns from the script unless the commit is new or `repeated`.
  Declares `denied`, and `at`, the position of the next argument. Everything that can fail (a missing right, a key of
  another type) is checked before the first write.

  KEYS[1]  term
  KEYS[2]  states
  ARGV[1]  fencing token of the term that commits
  ARGV[2]  n, the number of changes
  ARGV     then n times: entry name, new state
           then n times: how the state before begins ('' for none)
           then from `at`
  returns  nil when a newer term has begun, or none has since the ledger was lost;
           {'conflict', positions (from 1) of the changes whose state is not the expected one}

  `repeated` is set if an earlier run of the same commit has written the states.
]]
--- @include rights
--- @include slice
local denied = lacking('GET', KEYS[1])
  or lacking('HMGET', KEYS[2], '')
  or failing('GET', KEYS[1])
  or failing('HMGET', KEYS[2], '')
if denied then return denied end
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return false end

local n = tonumber(ARGV[2])
local pairs_end = 2 + 2 * n
local at = pairs_end + n + 1

local written, conflicts = 0, {}
for from = 1, n, SLICE do
  local to = math.min(from + SLICE - 1, n)
  local names = {}
  for i = from, to do names[#names + 1] = ARGV[1 + 2 * i] end
  local found = redis.call('HMGET', KEYS[2], unpack(names))
  for i = from, to do
    local state = found[i - from + 1] or ''
    if state == ARGV[2 + 2 * i] then written = written + 1 end
    local before = ARGV[pairs_end + i]
    local expected = state == before or before ~= '' and state:find(before, 1, true) == 1
    if not expected then conflicts[#conflicts + 1] = i end
  end
end
local repeated = #conflicts > 0 and written == n
if not repeated and #conflicts > 0 then return {'conflict', conflicts} end
denied = lacking('HSET', KEYS[2], '', '')
