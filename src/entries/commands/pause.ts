import { endPause } from '../planning/end-pause.ts';
import type { Steps } from '../../util/steps.ts';
import type { PauseCommand, ResumeCommand } from './command.ts';
import { rejected, utc, type Outcome, type Target } from './outcome.ts';

/** Pauses an entry from `now` on (epoch milliseconds). A second pause replaces the first, and keeps its beginning. */
export function pause({ entry, state }: Target, command: PauseCommand, now: number): Outcome {
  const { until, reason, by } = command;
  if (until !== null && until <= now) {
    return rejected(
      `until: ${utc(until)} is in the past (it is ${utc(now)}); choose a later instant`,
    );
  }
  const paused = { since: state.pause?.since ?? now, until, reason, by };
  const answer = `paused ${entry.name}${until === null ? '' : ` until ${utc(until)}`}`;
  return {
    kind: 'applied',
    changes: { pause: paused },
    runs: null,
    skipped: [],
    answer,
  };
}

/** Ends a pause at `now` (epoch milliseconds); what was due during it is skipped. */
export function* resume(
  { entry, state }: Target,
  _command: ResumeCommand,
  now: number,
): Steps<Outcome> {
  if (!state.pause)
    return rejected(`entry ${JSON.stringify(entry.name)} is not paused; beat list shows which are`);
  const { changes, skipped } = yield* endPause(entry, state, now);
  const count = skipped ? (skipped.count ?? 'very many') : 0;
  return {
    kind: 'applied',
    changes,
    runs: null,
    skipped: skipped ? [skipped] : [],
    answer: `resumed ${entry.name}; ${count} skipped while it was paused`,
  };
}
