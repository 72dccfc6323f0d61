import { FINISH } from '../command-log.ts';
import { HISTORY } from '../history.ts';
import { WRITE_ENTRIES } from '../stored-entries.ts';
import { CHECK_PUSH, PUBLISH, PUSH } from './publish-scripts.ts';
import { script } from './script.ts';
import { FOOT, HEAD } from './state-parts.ts';

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
