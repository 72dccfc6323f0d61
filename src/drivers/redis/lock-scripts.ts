import { RIGHTS } from './rights.ts';

/**
 * Takes a lock that is free. A holder that could not renew or release it would only keep others from
 * leading, so the rights to do that are checked before.
 *
 * KEYS[1]  lock
 * ARGV[1]  the holder's value
 * ARGV[2]  its time to live, milliseconds
 * returns  1, or 0 when the lock is held
 */
export const ACQUIRE = `${RIGHTS}
  probe = KEYS[1]
  local denied = lacking('EXISTS', KEYS[1])
  if denied then return denied end
  if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
  -- The lock is not there: none of these finds anything to change.
  denied = lacking('GET', KEYS[1]) or lacking('PEXPIRE', KEYS[1], ARGV[2]) or lacking('DEL', KEYS[1])
  if denied then return denied end
  local taken = redis.pcall('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return failure('SET', KEYS[1], taken) or 1
`;

/**
 * Renews a lock.
 *
 * KEYS, ARGV  as for `ACQUIRE`
 * returns  1, or 0 when the lock is not the holder's
 *
 * Redlock's own writes the value anew, which a Redis whose memory is full refuses: that a leader cannot
 * send is no reason for another to try.
 */
export const EXTEND = `${RIGHTS}
  probe = KEYS[1]
  local denied = lacking('GET', KEYS[1])
  if denied then return denied end
  if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
  local renewed = redis.pcall('PEXPIRE', KEYS[1], ARGV[2])
  return failure('PEXPIRE', KEYS[1], renewed) or renewed
`;

/**
 * Notifications a lock.
 *
 * KEYS[1]  lock
 * ARGV[1]  the holder's value
 * returns  1, or 0 when the lock is not the holder's
 *
 * Redlock's own takes a lock that it may not delete for one that is released.
 */
export const RELEASE = `${RIGHTS}
  probe = KEYS[1]
  local denied = lacking('GET', KEYS[1])
  if denied then return denied end
  if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
  local released = redis.pcall('DEL', KEYS[1])
  return failure('DEL', KEYS[1], released) or released
`;
