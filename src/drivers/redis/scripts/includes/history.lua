--[[
  Checks the rights to append to the history, and defines `append_history` and `count_minutes`. Follows `rights`;
  `denied` is declared; moves `first` and `at` on.

  KEYS     from `first`, unless there are no rows: the counts of minutes; then one for each row, so that an entry with
           several rows is repeated
  ARGV     from `at`: number of rows; unless it is 0: limit, surplus rows that may stay, expiry of a key (ms), the
           instant before which rows are too old, after how many rows of an entry the age of its oldest is checked and
           the expiry of its key renewed, per row `1` if the expiry is to be renewed now, else `0`; then the rows; then
           number of minutes, their slots, and per minute: number, what to add to its counters

  Only the user's rights to the first key are checked, because all have the same prefix. A commit ignores the error that
  `append_history` returns: a key of another type keeps its value, the runs of its entry are published all the same, and
  reading its history fails.
]]
local rows, history_from, rows_from, rows_first = tonumber(ARGV[at]), at + 1, at + 7, first
at = at + 1
local minutes_key, minutes_from
if rows > 0 then
  minutes_key, rows_first = KEYS[first], first + 1
  local key = KEYS[rows_first]
  denied = denied
    or lacking('RPUSH', key, '')
    or lacking('LTRIM', key, '0', '0')
    or lacking('LRANGE', key, '0', '0')
    or lacking('HMGET', minutes_key, '')
    or lacking('HSET', minutes_key, '', '')
  if denied then return denied end
  minutes_from = rows_from + rows
  at = minutes_from + 1 + 6 * tonumber(ARGV[minutes_from])
  first = first + 1 + rows
end

-- Adds to the counters of each minute; replaces another minute in its slot.
local function count_minutes()
  local minutes = rows > 0 and tonumber(ARGV[minutes_from]) or 0
  if minutes == 0 then return end
  local slots_to = minutes_from + minutes
  local found = redis.pcall('HMGET', minutes_key, unpack(ARGV, minutes_from + 1, slots_to))
  if found.err then return end
  local fields = {}
  for i = 1, minutes do
    local from = slots_to + 5 * (i - 1) + 1
    -- A text of another program would make the script fail after it has published.
    local number, a, b, c, d = (found[i] or ''):match('^(%d+) (%-?%d+) (%-?%d+) (%-?%d+) (%-?%d+)$')
    if number and #found[i] > 64 then number = nil end
    if number ~= ARGV[from] then a, b, c, d = 0, 0, 0, 0 end
    fields[2 * i - 1] = ARGV[minutes_from + i]
    fields[2 * i] = ('%s %d %d %d %d'):format(
      ARGV[from], a + ARGV[from + 1], b + ARGV[from + 2], c + ARGV[from + 3], d + ARGV[from + 4])
  end
  redis.call('HSET', minutes_key, unpack(fields))
end

-- Removes the oldest rows that are too old.
local function drop_old(key, oldest)
  local count = 0
  repeat
    local row = redis.call('LRANGE', key, count, count)[1] or ''
    local time = row:match('"sentAt":(%d+)') or row:match('"at":(%d+)') or row:match('"doneAt":(%d+)')
    local is_old = time and tonumber(time) < oldest
    if is_old then count = count + 1 end
  until not is_old
  if count > 0 then redis.call('LTRIM', key, count, -1) end
end

local function append_history()
  if rows == 0 then return false end
  local failed = false
  local limit, surplus, expiry, oldest, rows_until_check, renewals = unpack(ARGV, history_from, rows_from - 1)
  for i = 0, rows - 1 do
    local key = KEYS[rows_first + i]
    local length = redis.pcall('RPUSH', key, ARGV[rows_from + i])
    if type(length) == 'number' then
      local is_check = length % rows_until_check == 0
      if is_check or length == 1 or renewals:byte(i + 1) == 49 then
        redis.pcall('PEXPIRE', key, expiry)
      end
      if length > limit + surplus then redis.call('LTRIM', key, -limit, -1)
      elseif is_check then drop_old(key, tonumber(oldest)) end
    else
      failed = failed or failure('RPUSH', key, length)
    end
  end
  return failed
end
