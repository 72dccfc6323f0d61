import { RIGHTS } from './rights.ts';
import { script } from './script.ts';
import { FOOT, HEAD } from './scripts.ts';

/**
 * Commits a batch as `COMMIT` does, but keeps its messages instead of sending them.
 *
 * KEYS[3]  order of the kept
 * KEYS[4]  the kept
 * ARGV     from `at`, per message: id, encoded message
 * returns  for a repetition {'committed', positions (from 1) of the messages that are kept no more}
 *
 * A message that could not be forgotten would be published by every term anew, so the rights to forget are
 * checked before it is kept.
 */
export const KEEP = script(`${HEAD}
  denied = denied
    or lacking('HEXISTS', KEYS[4], '')
    or lacking('ZCARD', KEYS[3])
    or lacking('HLEN', KEYS[4])
    or lacking('HSET', KEYS[4], '', '')
    or lacking('ZADD', KEYS[3], '0', '')
    or lacking('ZREM', KEYS[3], '')
    or lacking('HDEL', KEYS[4], '')
  if denied then return denied end
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
 * Forgets kept messages, if the term is still the newest. Of no messages it tells that, and whether this
 * user may forget any.
 *
 * KEYS[1]  term
 * KEYS[2]  order of the kept
 * KEYS[3]  the kept
 * ARGV[1]  number of the term
 * ARGV     then the ids
 * returns  1, or 0 when nothing was forgotten because another term has begun
 */
export const FORGET = script(`${RIGHTS}
  probe = KEYS[1]
  local denied = lacking('GET', KEYS[1])
  if denied then return denied end
  if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
  denied = lacking('ZREM', KEYS[2], '') or lacking('HDEL', KEYS[3], '')
  if denied then return denied end
  local SLICE = 4000
  for from = 2, #ARGV, SLICE do
    local to = math.min(from + SLICE - 1, #ARGV)
    redis.call('ZREM', KEYS[2], unpack(ARGV, from, to))
    redis.call('HDEL', KEYS[3], unpack(ARGV, from, to))
  end
  return 1
`);
