import { FINISH } from '../command-log.ts';
import { HISTORY } from '../history.ts';
import { RIGHTS } from '../rights.ts';
import { script } from './script.ts';
import { FOOT, HEAD } from './state-parts.ts';
import { WRITE_ENTRIES } from '../stored-entries.ts';

/**
 * Commits a batch as `COMMIT` does, but appends its messages to the outbox instead of publishing them.
 *
 * KEYS[3]  ids of the messages, in order
 * KEYS[4]  messages by id
 * KEYS[5]  as for `HISTORY`
 * ARGV     from `at`, as for `HISTORY`; then per message: id, encoded message
 * returns  for a repetition {'committed', positions (from 1) of the messages that were removed}
 *
 * A message that cannot be removed would be published again by every term, so the script checks the rights to
 * remove before it appends.
 */
export const APPEND = script(appendScript('', FOOT, ''));

/**
 * The same for a batch that also finishes commands.
 *
 * KEYS[5]  as for `FINISH` and `HISTORY`
 */
export const APPEND_COMMANDS = script(appendScript(FINISH, FOOT, '  finish()\n'));

/**
 * The same for a batch of stored entries, which may finish commands.
 *
 * KEYS[2]  states of stored entries
 * KEYS[5]  as for `FINISH`, `WRITE_ENTRIES` and `HISTORY`
 */
export const APPEND_ENTRIES = script(
  appendScript(FINISH + WRITE_ENTRIES, '  write_entries()\n', '  finish()\n'),
);

function appendScript(check: string, foot: string, finish: string): string {
  return `${HEAD}
  local first = 5
${check}${HISTORY}
  denied = denied
    or lacking('HEXISTS', KEYS[4], '')
    or lacking('ZCARD', KEYS[3])
    or lacking('HLEN', KEYS[4])
    or lacking('HSET', KEYS[4], '', '')
    or lacking('ZADD', KEYS[3], '0', '')
    or lacking('ZREM', KEYS[3], '')
    or lacking('HDEL', KEYS[4], '')
    or failing('ZCARD', KEYS[3])
    or failing('HLEN', KEYS[4])
  if denied then return denied end
  if repeated then
    local removed = {}
    for i = at, #ARGV, 2 do
      if redis.call('HEXISTS', KEYS[4], ARGV[i]) == 0 then removed[#removed + 1] = (i - at) / 2 + 1 end
    end
  ${finish}    return {'committed', removed}
  end

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
${foot}  append_history()
  count_minutes()
${finish}
  return {'committed'}
`;
}

/**
 * Removes messages if the term is still the newest. Called without messages, it only checks the term and the
 * rights to remove.
 *
 * KEYS[1]  term
 * KEYS[2]  ids of the messages, in order
 * KEYS[3]  messages by id
 * ARGV[1]  fencing token of the term
 * ARGV     then the ids
 * returns  1, or 0 when nothing was removed because another term has begun
 */
export const REMOVE = script(`${RIGHTS}
  local at = 2
${removeScript('', '')}`);

/**
 * The same for messages of runs that are withdrawn: appends a row for each to the history.
 *
 * KEYS[4]  as for `HISTORY`
 * ARGV[2]  number of rows; then the id of the message of each; then as for `HISTORY`; then the ids
 * returns  also the ids of rows whose messages were already removed; nothing was changed then
 */
export const WITHDRAW = script(`${RIGHTS}
  local first, at = 4, 3 + tonumber(ARGV[2])
${removeScript(
  `  denied = denied or lacking('HEXISTS', KEYS[3], '')
${HISTORY}
  local gone = {}
  for i = 3, 2 + tonumber(ARGV[2]) do
    if redis.call('HEXISTS', KEYS[3], ARGV[i]) == 0 then gone[#gone + 1] = ARGV[i] end
  end
  if #gone > 0 then return gone end`,
  `  append_history()
  count_minutes()`,
)}`);

/** Removes the messages whose ids begin at `at`. */
function removeScript(check: string, foot: string): string {
  return `
  probe = KEYS[1]
  local denied = failing('GET', KEYS[1])
  if denied then return denied end
  if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
  denied = lacking('ZREM', KEYS[2], '')
    or lacking('HDEL', KEYS[3], '')
    or failing('ZREM', KEYS[2], '')
    or failing('HDEL', KEYS[3], '')
${check}
  if denied then return denied end
  local SLICE = 4000
  for from = at, #ARGV, SLICE do
    local to = math.min(from + SLICE - 1, #ARGV)
    redis.call('ZREM', KEYS[2], unpack(ARGV, from, to))
    redis.call('HDEL', KEYS[3], unpack(ARGV, from, to))
  end
${foot}
  return 1
`;
}
