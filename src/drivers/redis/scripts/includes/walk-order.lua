--[[
  Reads the next members of the index in order. First resets scores other than 0, which another program has set: such
  members are out of order and would hide all others. Declares `members`, and `last`: a colon and the last member in
  hexadecimal digits if more may follow, else an empty text. A client could not send back bytes that are not UTF-8.
  Defines `is_text`.

  KEYS[1]  order
  ARGV[1]  lower bound, as for ZRANGEBYLEX
  ARGV[2]  upper bound
  ARGV[3]  limit
  ARGV[4]  `last` of the page before, instead of the lower bound; else an empty text
]]
--- @include rights
-- Whether bytes are UTF-8; a client would read other bytes as another text.
local function is_text(bytes)
  if not bytes:find('[\128-\255]') then return true end
  for _, wrong in ipairs({
    '\224[\128-\159]', '\237[\160-\191]', '\240[\128-\143]', '\244[\144-\191]',
  }) do
    if bytes:find(wrong) then return false end
  end
  local rest = bytes
    :gsub('[\240-\244][\128-\191][\128-\191][\128-\191]', ' ')
    :gsub('[\224-\239][\128-\191][\128-\191]', ' ')
    :gsub('[\194-\223][\128-\191]', ' ')
  return not rest:find('[\128-\255]')
end

local lowest = ARGV[1]
if ARGV[4] ~= '' then
  lowest = '(' .. ARGV[4]:sub(2):gsub('%x%x', function(digits) return string.char(tonumber(digits, 16)) end)
end
for _, scores in ipairs({{'-inf', '(0'}, {'(0', '+inf'}}) do
  -- An error, such as the one for a read-only user, has no members.
  for _, member in ipairs(redis.pcall('ZRANGEBYSCORE', KEYS[1], scores[1], scores[2])) do
    redis.pcall('ZADD', KEYS[1], 0, member)
  end
end
local members = redis.pcall('ZRANGEBYLEX', KEYS[1], lowest, ARGV[2], 'LIMIT', 0, ARGV[3])
local denied = failure('ZRANGEBYLEX', KEYS[1], members)
if denied then return denied end
local last = ''
if #members == tonumber(ARGV[3]) then
  last = ':' .. (members[#members] or ''):gsub('.', function(byte)
    return ('%02x'):format(byte:byte())
  end)
end
