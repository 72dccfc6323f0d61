import { RIGHTS } from '../rights.ts';
import { script } from './script.ts';

/** The common beginning: the time of the server in seconds, the unit of kombu's scores. */
const TIME = `${RIGHTS}
  local function now()
    local time = redis.call('TIME')
    return tonumber(time[1]) + tonumber(time[2]) / 1000000
  end
  local function score(seconds) return string.format('%.3f', seconds) end
`;

/**
 * Splits what is stored for an unacknowledged message, `[envelope, "", "queue"]`, into envelope and queue. An
 * envelope cannot contain the separator before the last text of the array outside of a text.
 */
const SPLIT = `
  local function split(stored)
    local envelope, queue = stored:match('^%[(.*), "", (".*")%]$')
    if envelope then return envelope, cjson.decode('[' .. queue .. ']')[1] end
  end
`;

/**
 * Moves the next message to the unacknowledged ones, in one step: kombu, which does it in two, loses a message when
 * its worker dies between them.
 *
 * KEYS[1]  unacked: HASH, tag → [envelope, exchange, routing key]
 * KEYS[2]  unacked_index: ZSET, tag by the time of its delivery
 * KEYS     then the lists, in the order in which they are consumed
 * ARGV[1]  tag
 * ARGV     then the queue of each list, as JSON
 * returns  nil if all lists are empty; envelope, and the position of its list (from 1)
 */
export const TAKE = script(`${TIME}
  local denied = lacking('LINDEX', KEYS[3], '0')
    or lacking('RPOP', KEYS[3])
    or lacking('ZADD', KEYS[2], '0', '')
    or lacking('HSET', KEYS[1], '', '')
  if denied then return denied end
  for i = 3, #KEYS do
    local envelope = redis.call('LINDEX', KEYS[i], '-1')
    if envelope then
      -- The last write removes the message, so that a missing right loses none.
      redis.call('ZADD', KEYS[2], score(now()), ARGV[1])
      redis.call('HSET', KEYS[1], ARGV[1], '[' .. envelope .. ', "", ' .. ARGV[i - 1] .. ']')
      redis.call('RPOP', KEYS[i])
      return {envelope, i - 2}
    end
  end
`);

/**
 * KEYS[1]  unacked
 * KEYS[2]  unacked_index
 * ARGV[1]  tag
 * returns  1, or 0 if the message is no longer unacknowledged
 */
export const ACK = script(`${RIGHTS}
  local denied = lacking('ZREM', KEYS[2], '') or lacking('HDEL', KEYS[1], '')
  if denied then return denied end
  redis.call('ZREM', KEYS[2], ARGV[1])
  return redis.call('HDEL', KEYS[1], ARGV[1])
`);

/**
 * Returns a message to the end of its list that is consumed next, as kombu does.
 *
 * KEYS[1]  unacked
 * KEYS[2]  unacked_index
 * ARGV[1]  tag
 * ARGV[2]  the prefix of all keys
 */
export const REQUEUE = script(`${RIGHTS} ${SPLIT}
  local stored = redis.call('HGET', KEYS[1], ARGV[1])
  if not stored then return end
  local envelope, queue = split(stored)
  redis.call('RPUSH', ARGV[2] .. queue, envelope)
  redis.call('ZREM', KEYS[2], ARGV[1])
  redis.call('HDEL', KEYS[1], ARGV[1])
`);

/**
 * Returns the messages of consumers of beat that died to their lists. Those of Celery's workers stay: only the
 * workers know their visibility timeout.
 *
 * KEYS[1]  unacked
 * KEYS[2]  unacked_index
 * ARGV[1]  seconds without a renewal after which a consumer is dead
 * ARGV[2]  the prefix of all keys
 * ARGV[3]  the beginning of the tags
 */
export const RESTORE = script(`${TIME} ${SPLIT}
  local denied = lacking('ZRANGEBYSCORE', KEYS[2], '-inf', '0')
  if denied then return denied end
  for _, tag in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', score(now() - ARGV[1]))) do
    local stored = tag:sub(1, #ARGV[3]) == ARGV[3] and redis.call('HGET', KEYS[1], tag)
    if stored then
      local envelope, queue = split(stored)
      if envelope then redis.call('RPUSH', ARGV[2] .. queue, envelope) end
      redis.call('ZREM', KEYS[2], tag)
      redis.call('HDEL', KEYS[1], tag)
    end
  end
`);

/**
 * Renews messages, also for Celery's workers, which deliver a message again after their visibility timeout.
 *
 * KEYS[1]  unacked_index
 * ARGV     tags
 */
export const RENEW = script(`${TIME}
  local seconds = score(now())
  for _, tag in ipairs(ARGV) do redis.call('ZADD', KEYS[1], 'XX', seconds, tag) end
`);
