import { RIGHTS } from '../rights.ts';
import { script } from './script.ts';

/**
 * Defines `read`, which returns definitions and states of `names`, each row with its label.
 *
 * KEYS from `first`, definitions and states
 * returns  per name {label, due and definition, state}; the latter two nil when there are none
 */
const READ = `
  local SLICE = 4000
  local function read(names, labels, first)
    local rows = {}
    for from = 1, #names, SLICE do
      local to = math.min(from + SLICE - 1, #names)
      local found = {}
      for k = 0, 1 do
        found[k] = redis.pcall('HMGET', KEYS[first + k], unpack(names, from, to))
        local denied = failure('HMGET', KEYS[first + k], found[k])
        if denied then return denied end
      end
      for i = from, to do
        rows[i] = {labels[i], found[0][i - from + 1], found[1][i - from + 1]}
      end
    end
    return rows
  end
`;

/**
 * Reads the next members of the index in order, after it has set scores of other programs to 0: such members are out of
 * order, and would hide all others. Sets `members`, and `last`: a colon and the last member in hexadecimal
 * digits if more may follow, else an empty text. A client could not send back bytes that are no UTF-8. Defines `is_text`.
 *
 * KEYS[1]  order
 * ARGV[1]  lower bound, as for ZRANGEBYLEX
 * ARGV[2]  upper bound
 * ARGV[3]  limit
 * ARGV[4]  `last` of the page before, instead of the lower bound; else an empty text
 */
const WALK = `
  -- Whether bytes are UTF-8; a client would read others as another text.
  local function is_text(bytes)
    if not bytes:find('[\\128-\\255]') then return true end
    for _, wrong in ipairs({
      '\\224[\\128-\\159]', '\\237[\\160-\\191]', '\\240[\\128-\\143]', '\\244[\\144-\\191]',
    }) do
      if bytes:find(wrong) then return false end
    end
    local rest = bytes
      :gsub('[\\240-\\244][\\128-\\191][\\128-\\191][\\128-\\191]', ' ')
      :gsub('[\\224-\\239][\\128-\\191][\\128-\\191]', ' ')
      :gsub('[\\194-\\223][\\128-\\191]', ' ')
    return not rest:find('[\\128-\\255]')
  end

  local from = ARGV[1]
  if ARGV[4] ~= '' then
    from = '(' .. ARGV[4]:sub(2):gsub('%x%x', function(digits) return string.char(tonumber(digits, 16)) end)
  end
  for _, scores in ipairs({{'-inf', '(0'}, {'(0', '+inf'}}) do
    -- An error, such as of a user that may only read, has no members.
    for _, member in ipairs(redis.pcall('ZRANGEBYSCORE', KEYS[1], scores[1], scores[2])) do
      redis.pcall('ZADD', KEYS[1], 0, member)
    end
  end
  local members = redis.pcall('ZRANGEBYLEX', KEYS[1], from, ARGV[2], 'LIMIT', 0, ARGV[3])
  local denied = failure('ZRANGEBYLEX', KEYS[1], members)
  if denied then return denied end
  local last = ''
  if #members == tonumber(ARGV[3]) then
    last = ':' .. (members[#members] or ''):gsub('.', function(byte)
      return ('%02x'):format(byte:byte())
    end)
  end
`;

/**
 * Reads entries.
 *
 * KEYS     as for `READ`, from the first
 * ARGV     names
 * returns  rows
 */
export const FIND = script(`${RIGHTS}${READ}
  return read(ARGV, ARGV, 1)
`);

/**
 * Reads the next entries in order. A member of an entry that has another one, that of its due time, is read as one
 * without an entry: the leader would load that entry twice, and each commit would conflict.
 *
 * KEYS, ARGV  as for `WALK`; KEYS[2] as for `READ`
 * returns     `last`; per member {member, due and definition, state}
 */
export const PAGE = script(`${RIGHTS}${READ}${WALK}
  local names = {}
  for i, member in ipairs(members) do
    names[i] = is_text(member) and member:match('^%S+ (.*)$') or ''
  end
  local rows = read(names, members, 2)
  if rows.err then return rows end
  for i, row in ipairs(rows) do
    local due = (row[2] or ''):match('^%d+ ') or (row[2] or ''):match('^never ')
    local own = due and due .. names[i]
    if own and own ~= row[1] and #redis.call('ZRANGEBYLEX', KEYS[1], '[' .. own, '[' .. own) > 0 then
      row[2] = false
    end
  end
  return {last, rows}
`);

/**
 * Reads the next members of the index alone.
 *
 * KEYS, ARGV  as for `WALK`
 * returns     `last`; per member {member, 1}, or {member} for bytes that are not UTF-8
 */
export const POSITIONS = script(`${RIGHTS}${WALK}
  local rows = {}
  for i, member in ipairs(members) do rows[i] = {member, is_text(member) and 1} end
  return {last, rows}
`);
