import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

/** What runs inside Redis as one step that nothing can come between. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

function script(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}

/** Runs a script by its hash; sends its text when Redis does not know it (any more). */
export async function run(
  client: Redis,
  { lua, sha }: Script,
  keys: readonly string[],
  args: readonly string[],
): Promise<unknown> {
  const rest = [...keys, ...args];
  try {
    return await client.evalsha(sha, keys.length, rest);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return client.eval(lua, keys.length, rest);
  }
}

/**
 * Begins a term.
 *
 * KEYS[1]  term
 * returns  its number: one more than the last, and never less than the time in microseconds, so that
 *          it grows even when the last was lost with all else that Redis held
 */
export const BEGIN_TERM = script(`
  local time = redis.call('TIME')
  local lowest = tonumber(time[1]) * 1000000 + tonumber(time[2])
  local number = math.max((tonumber(redis.call('GET', KEYS[1])) or 0) + 1, lowest)
  redis.call('SET', KEYS[1], string.format('%.0f', number))
  return number
`);

/**
 * What a commit and a keep have in common: the head checks and answers what is not to be done, the foot
 * writes the records. Between them stands what becomes of the messages.
 *
 * KEYS[1]  term
 * KEYS[2]  records
 * KEYS     then as each script says
 * ARGV[1]  number of the term that commits
 * ARGV[2]  n, how many changes
 * ARGV     then n times: entry name, new record
 *          then n times: expected record ('' for none)
 *          then as each script says, from `at`
 * returns  nil when a newer term has begun, or none has since the ledger was lost;
 *          {'conflict', positions (from 1) of the changes whose record is not as expected};
 *          {'committed'}, now or, which `repeated` says, by an earlier run of the same
 *
 * A script that fails half-way is not rolled back, so whatever can fail (a key of another type) is
 * asked for before the first write. Lists are passed on in slices: Lua's stack ends at 8,000.
 */
const HEAD = `
  if redis.call('GET', KEYS[1]) ~= ARGV[1] then return false end

  local SLICE = 4000
  local n = tonumber(ARGV[2])
  local pairs_end = 2 + 2 * n
  local at = pairs_end + n + 1

  local already, conflicts = 0, {}
  for from = 1, n, SLICE do
    local to = math.min(from + SLICE - 1, n)
    local names = {}
    for i = from, to do names[#names + 1] = ARGV[1 + 2 * i] end
    local found = redis.call('HMGET', KEYS[2], unpack(names))
    for i = from, to do
      local record = found[i - from + 1] or ''
      if record == ARGV[2 + 2 * i] then already = already + 1 end
      if record ~= ARGV[pairs_end + i] then conflicts[#conflicts + 1] = i end
    end
  end
  local repeated = already == n
  if not repeated and #conflicts > 0 then return {'conflict', conflicts} end
`;

const FOOT = `
  for from = 3, pairs_end, SLICE do
    redis.call('HSET', KEYS[2], unpack(ARGV, from, math.min(from + SLICE - 1, pairs_end)))
  end
`;

/**
 * Commits a batch: all of it or nothing.
 *
 * KEYS     from 3, the lists to push to; then the binding sets to add to, one for each member
 * ARGV     from `at`, number of messages to tell; per such: channel, message
 *          then number of lists; per list: number of messages, the messages
 *          then per binding set: the member
 * returns  {'committed', positions (from 1) of the told messages that nobody heard}
 *
 * What is told cannot be taken back, so it comes last, when nothing else can fail any more.
 */
export const COMMIT = script(`${HEAD}
  if repeated then return {'committed'} end
  local tell_from, tell_to = at + 1, at + 2 * tonumber(ARGV[at])
  for i = tell_from, tell_to, 2 do
    if redis.acl_check_cmd and not redis.acl_check_cmd('PUBLISH', ARGV[i], '') then
      return redis.error_reply('NOPERM this user may not publish to ' .. ARGV[i])
    end
  end
  local lists_end = 2 + tonumber(ARGV[tell_to + 1])
  at = tell_to + 2
  for k = 3, lists_end do redis.call('LLEN', KEYS[k]) end
  for k = lists_end + 1, #KEYS do redis.call('SCARD', KEYS[k]) end

  for k = 3, lists_end do
    local last = at + tonumber(ARGV[at])
    for from = at + 1, last, SLICE do
      redis.call('LPUSH', KEYS[k], unpack(ARGV, from, math.min(from + SLICE - 1, last)))
    end
    at = last + 1
  end
  for k = lists_end + 1, #KEYS do
    redis.call('SADD', KEYS[k], ARGV[at])
    at = at + 1
  end
${FOOT}
  local unheard = {}
  for i = tell_from, tell_to, 2 do
    local heard = redis.pcall('PUBLISH', ARGV[i], ARGV[i + 1])
    if type(heard) ~= 'number' or heard == 0 then
      unheard[#unheard + 1] = (i - tell_from) / 2 + 1
    end
  end
  return {'committed', unheard}
`);

/**
 * Says what `COMMIT` would of a batch that cannot be sent as it is.
 *
 * returns  as `COMMIT`, but {'declined'} where it would commit
 */
export const CHECK = script(`${HEAD}
  return repeated and {'committed'} or {'declined'}
`);

/**
 * Commits a batch as `COMMIT` does, but keeps its messages instead of sending them.
 *
 * KEYS[3]  order of the kept
 * KEYS[4]  the kept
 * ARGV     from `at`, per message: id, encoded message
 * returns  for a repetition {'committed', positions (from 1) of the messages that are kept no more}
 */
export const KEEP = script(`${HEAD}
  if repeated then
    local gone = {}
    for i = at, #ARGV, 2 do
      if redis.call('HEXISTS', KEYS[4], ARGV[i]) == 0 then gone[#gone + 1] = (i - at) / 2 + 1 end
    end
    return {'committed', gone}
  end
  redis.call('ZCARD', KEYS[3])
  redis.call('HLEN', KEYS[4])

  for from = at, #ARGV, SLICE do
    local to = math.min(from + SLICE - 1, #ARGV)
    redis.call('HSET', KEYS[4], unpack(ARGV, from, to))
    local scored = {}
    for i = from, to, 2 do
      scored[#scored + 1] = 0
      scored[#scored + 1] = ARGV[i]
    end
    redis.call('ZADD', KEYS[3], unpack(scored))
  end
${FOOT}
  return {'committed'}
`);

/**
 * Forgets kept messages, if the term is still the newest.
 *
 * KEYS[1]  term
 * KEYS[2]  order of the kept
 * KEYS[3]  the kept
 * ARGV[1]  number of the term
 * ARGV     then the ids
 * returns  1, or 0 when nothing was forgotten because another term has begun
 */
export const FORGET = script(`
  if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
  local SLICE = 4000
  for from = 2, #ARGV, SLICE do
    local to = math.min(from + SLICE - 1, #ARGV)
    redis.call('ZREM', KEYS[2], unpack(ARGV, from, to))
    redis.call('HDEL', KEYS[3], unpack(ARGV, from, to))
  end
  return 1
`);
