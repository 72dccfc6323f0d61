import { RIGHTS } from '../rights.ts';

/**
 * The common parts of `COMMIT` and `APPEND`. The head compares states, and returns unless the commit is new; the
 * foot writes the states. The messages are written between them.
 *
 * KEYS[1]  term
 * KEYS[2]  states
 * KEYS     then as each script documents
 * ARGV[1]  fencing token of the term that commits
 * ARGV[2]  n, the number of changes
 * ARGV     then n times: entry name, new state
 *          then n times: state before ('' for none)
 *          then as each script documents, from `at`
 * returns  nil when a newer term has begun, or none has since the ledger was lost;
 *          {'conflict', positions (from 1) of the changes whose state is not the expected one};
 *          {'committed'}, by this run or, when `repeated` is set, by an earlier run of the same commit
 *
 * Redis does not roll back a script that fails, so everything that can fail (a missing right, a key of another
 * type) is checked before the first write. Lists are passed in slices: Lua's stack has 8,000 places.
 */
export const HEAD = `${RIGHTS}
  probe = KEYS[1]
  local denied = lacking('GET', KEYS[1])
    or lacking('HMGET', KEYS[2], '')
    or failing('GET', KEYS[1])
    or failing('HMGET', KEYS[2], '')
  if denied then return denied end
  if redis.call('GET', KEYS[1]) ~= ARGV[1] then return false end

  local SLICE = 4000
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
      if state ~= ARGV[pairs_end + i] then conflicts[#conflicts + 1] = i end
    end
  end
  local repeated = #conflicts > 0 and written == n
  if not repeated and #conflicts > 0 then return {'conflict', conflicts} end
  denied = lacking('HSET', KEYS[2], '', '')
`;

export const FOOT = `
  for from = 3, pairs_end, SLICE do
    redis.call('HSET', KEYS[2], unpack(ARGV, from, math.min(from + SLICE - 1, pairs_end)))
  end
`;
