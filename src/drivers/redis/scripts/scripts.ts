import { FINISH } from '../command-log.ts';
import { HISTORY } from '../history.ts';
import { RIGHTS } from '../rights.ts';
import { script } from './script.ts';
import { WRITE_ENTRIES } from '../stored-entries.ts';

/**
 * Begins a term.
 *
 * KEYS[1]  term
 * KEYS[2]  states
 * KEYS[3]  term in which the index of stored entries by name was complete: this one, if it was the last one
 * KEYS[4]  the history of an entry without a name; absent without a history
 * KEYS[5]  the counts of minutes; absent without a history
 * returns  its fencing token: one more than the last, and never less than the time in microseconds, so that
 *          it grows even when the last was lost with all other keys
 *
 * A leader that cannot write states would block other instances, so the script also checks the rights to read and
 * write states and to append to the history. Before Redis 7 the check needs an existing key: the token, after it is written.
 */
export const BEGIN_TERM = script(`${RIGHTS}
  local function lacks_states()
    return lacking('HSCAN', KEYS[2], '0')
      or lacking('HMGET', KEYS[2], '')
      or lacking('HSET', KEYS[2], '', '')
      or KEYS[4] and (lacking('RPUSH', KEYS[4], '') or lacking('LTRIM', KEYS[4], '0', '0'))
      or KEYS[5] and (lacking('HMGET', KEYS[5], '') or lacking('HSET', KEYS[5], '', ''))
      or false
  end
  local denied = lacking('TIME', '')
    or lacking('GET', KEYS[1])
    or lacking('SET', KEYS[1], '')
    or lacks_states()
  if denied then return denied end

  local time = redis.pcall('TIME')
  local last = redis.pcall('GET', KEYS[1])
  denied = failure('TIME', '', time) or failure('GET', KEYS[1], last)
  if denied then return denied end
  local indexed = redis.pcall('GET', KEYS[3])
  denied = failure('GET', KEYS[3], indexed)
  if denied then return denied end
  local lowest = tonumber(time[1]) * 1000000 + tonumber(time[2])
  local token = math.max((tonumber(last) or 0) + 1, lowest)
  denied = failure('SET', KEYS[1], redis.pcall('SET', KEYS[1], string.format('%.0f', token)))
  if not denied and last and indexed == last then
    redis.call('SET', KEYS[3], string.format('%.0f', token))
  end
  probe = KEYS[1]
  return denied or lacks_states() or token
`);

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
  local denied = lacking('GET', KEYS[1]) or lacking('HMGET', KEYS[2], '')
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

/**
 * The common parts of `COMMIT` and `SEND`: check all writes, push messages to lists, publish messages on channels.
 * `denied` and `at` are set; `first` is the position of the first key to push to.
 *
 * KEYS     from `first`, the lists to push to; then the binding sets to add to, one for each member
 * ARGV     from `at`, number of PUBLISH calls; per call: channel, message
 *          then number of lists; per list: number of messages, the messages
 *          then per binding set: the member
 *
 * A published message cannot be withdrawn, so PUBLISH comes last, when no other command can fail. Before Redis 7
 * only a PUBLISH shows whether this user may publish: there the first call precedes all writes.
 */
const CHECK_PUSH = `
  local publish_from, publish_to = at + 1, at + 2 * tonumber(ARGV[at])
  local lists_end = first - 1 + tonumber(ARGV[publish_to + 1])
  at = publish_to + 2
  for k = first, lists_end do
    denied = denied or lacking('LLEN', KEYS[k]) or lacking('LPUSH', KEYS[k], '')
  end
  for k = lists_end + 1, #KEYS do
    denied = denied or lacking('SCARD', KEYS[k]) or lacking('SADD', KEYS[k], '')
  end
  local checked = redis.acl_check_cmd
  for i = publish_from, checked and publish_to or 0, 2 do
    denied = denied or lacking('PUBLISH', ARGV[i], '')
  end
  if denied then return denied end
  for k = first, lists_end do redis.call('LLEN', KEYS[k]) end
  for k = lists_end + 1, #KEYS do redis.call('SCARD', KEYS[k]) end
`;

const PUSH = `
  local receivers = {}
  local function publish(from, to)
    for i = from, to, 2 do receivers[i] = redis.pcall('PUBLISH', ARGV[i], ARGV[i + 1]) end
  end
  local rest_from = publish_from
  if not checked and publish_from < publish_to then
    publish(publish_from, publish_from)
    denied = failure('PUBLISH', ARGV[publish_from], receivers[publish_from])
    if denied then return denied end
    rest_from = publish_from + 2
  end

  local member_at = at
  for k = first, lists_end do member_at = member_at + 1 + tonumber(ARGV[member_at]) end
  for k = lists_end + 1, #KEYS do
    denied = failure('SADD', KEYS[k], redis.pcall('SADD', KEYS[k], ARGV[member_at]))
    if denied then return denied end
    member_at = member_at + 1
  end
  for k = first, lists_end do
    local last = at + tonumber(ARGV[at])
    for from = at + 1, last, SLICE do
      local to = math.min(from + SLICE - 1, last)
      denied = failure('LPUSH', KEYS[k], redis.pcall('LPUSH', KEYS[k], unpack(ARGV, from, to)))
      if denied then return denied end
    end
    at = last + 1
  end
`;

const PUBLISH = `
  publish(rest_from, publish_to)
  local unreceived = {}
  for i = publish_from, publish_to, 2 do
    if type(receivers[i]) ~= 'number' or receivers[i] == 0 then
      unreceived[#unreceived + 1] = (i - publish_from) / 2 + 1
    end
  end
  return {'committed', unreceived}
`;

/**
 * Commits a batch: all of it or nothing.
 *
 * KEYS, ARGV  as for the head, then from KEYS[3] as for `HISTORY` and `CHECK_PUSH`
 * returns  {'committed', positions (from 1) of the PUBLISH calls that no subscriber received}
 */
export const COMMIT = script(`${HEAD}
  if repeated then return {'committed'} end
  local first = 3
${HISTORY}${CHECK_PUSH}${PUSH}${FOOT}  append_history()
  count_minutes()
${PUBLISH}`);

/**
 * The same for a batch that also finishes commands.
 *
 * KEYS, ARGV  as for the head, then from KEYS[3] as for `FINISH`, `HISTORY` and `CHECK_PUSH`
 */
export const COMMIT_COMMANDS = script(commitScript('', FOOT));

/**
 * The same for a batch of stored entries, which may finish commands.
 *
 * KEYS[2]  states of stored entries
 * KEYS, ARGV  as for the head, then from KEYS[3] as for `FINISH`, `WRITE_ENTRIES`, `HISTORY` and
 *             `CHECK_PUSH`
 */
export const COMMIT_ENTRIES = script(commitScript(WRITE_ENTRIES, '  write_entries()\n'));

function commitScript(check: string, foot: string): string {
  return `${HEAD}
  local first = 3
${FINISH}${check}
  if repeated then
    finish()
    return {'committed'}
  end
${HISTORY}${CHECK_PUSH}${PUSH}${foot}  append_history()
  count_minutes()
  finish()
${PUBLISH}`;
}

/**
 * Returns what `COMMIT` would return for a batch with a message that cannot be published.
 *
 * returns  as `COMMIT`, but {'rejected'} where it would commit
 */
export const CHECK = script(`${HEAD}
  return repeated and {'committed'} or {'rejected'}
`);

/**
 * Publishes messages without a commit, because the ledger is in another store: all of them or none.
 *
 * KEYS, ARGV  from the first, as for `CHECK_PUSH`
 * returns  as `COMMIT`
 */
export const SEND = script(`${RIGHTS}
  local SLICE = 4000
  local denied, first, at = false, 1, 1
${CHECK_PUSH}${PUSH}${PUBLISH}`);

/**
 * Removes the state of a declared entry, and of a stored one, if the term is still the newest.
 *
 * KEYS[1]  term
 * KEYS[2]  states
 * KEYS[3]  states of stored entries
 * ARGV[1]  fencing token of the term
 * ARGV[2]  entry name
 * returns  1, or 0 when nothing was removed because another term has begun
 */
export const REMOVE_STATE = script(`${RIGHTS}
  probe = KEYS[1]
  local denied = lacking('GET', KEYS[1])
  if denied then return denied end
  if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
  denied = lacking('HDEL', KEYS[2], '') or lacking('HDEL', KEYS[3], '')
  if denied then return denied end
  redis.call('HDEL', KEYS[2], ARGV[2])
  redis.call('HDEL', KEYS[3], ARGV[2])
  return 1
`);
