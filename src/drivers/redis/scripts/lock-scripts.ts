import { RIGHTS } from '../rights.ts';

/**
 * Acquires a lock that is free. It checks the rights to renew and to release first: a holder without them
 * would block all other instances.
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
  if redis.call('EXISTS', KEYS[1]) == 1 then
    -- A key of another type never expires.
    local held = failing('GET', KEYS[1])
    return held and held.err:find('WRONGTYPE', 1, true) and held or 0
  end
  -- The key does not exist, so none of these commands changes anything.
  denied = lacking('GET', KEYS[1]) or lacking('PEXPIRE', KEYS[1], ARGV[2]) or lacking('DEL', KEYS[1])
  if denied then return denied end
  local acquired = redis.pcall('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return failure('SET', KEYS[1], acquired) or 1
`;

/**
 * Renews a lock.
 *
 * KEYS, ARGV  as for `ACQUIRE`
 * returns  1, or 0 when the lock is not the holder's
 *
 * Redlock's own script writes the value again, which Redis rejects when its memory is full. The leader cannot
 * publish then, but neither could another instance.
 */
export const EXTEND = `${RIGHTS}
  local holder = redis.pcall('GET', KEYS[1])
  local denied = failure('GET', KEYS[1], holder)
  if denied then return denied end
  if holder ~= ARGV[1] then return 0 end
  local renewed = redis.pcall('PEXPIRE', KEYS[1], ARGV[2])
  return failure('PEXPIRE', KEYS[1], renewed) or renewed
`;

/**
 * Releases a lock.
 *
 * KEYS[1]  lock
 * ARGV[1]  the holder's value
 * returns  1, or 0 when the lock is not the holder's
 *
 * Redlock's own script reports success when this user may not delete the lock.
 */
export const RELEASE = `${RIGHTS}
  local holder = redis.pcall('GET', KEYS[1])
  local denied = failure('GET', KEYS[1], holder)
  if denied then return denied end
  if holder ~= ARGV[1] then return 0 end
  local released = redis.pcall('DEL', KEYS[1])
  return failure('DEL', KEYS[1], released) or released
`;
