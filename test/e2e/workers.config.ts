import { stringify } from 'yaml';

export const ARGS = [1, -2.5, 'tøy', null, true, [1, [2, { deep: '🎺' }]]];
export const KWARGS = {
  größe: 'Ærøskøbing “quoted” \\ \n 漢字',
  camelCase: { snake_case: [{ minute: 5 }] },
  big: 9007199254740991,
};

export const COUNTDOWN = 1_000;

const SCHEDULE = 0.5;
const note = { task: 'tasks.note', schedule: SCHEDULE };

/** One entry for each property that must arrive unchanged at a worker. */
export const BEAT_SCHEDULE = {
  plain: { ...note },
  full: { ...note, args: ARGS, kwargs: KWARGS },
  // Expires before the first worker has started, which takes at least a second.
  stale: { ...note, options: { expires: 0.05 } },
  fresh: { ...note, options: { expires: 3600 } },
  later: { ...note, options: { countdown: COUNTDOWN / 1_000 } },
  routed: { ...note, options: { queue: 'reports' } },
  labelled: { ...note, options: { headers: { 'x-team': 'blé' } } },
  quiet: { ...note, task: 'tasks.note_quietly' },
  'last of all': { ...note, options: { priority: 9 } },
  third: { ...note, options: { priority: 6 } },
  second: { ...note, options: { priority: 4 } },
};

export function asYaml(): string {
  return stringify({ beat_schedule: BEAT_SCHEDULE });
}

/** Formats the schedule as TypeScript, with one schedule created by the package's `timedelta`. */
export function asTypeScript(): string {
  return `
import { defineConfig, timedelta, type BeatConfig } from 'celery-beat';

const entries: BeatConfig['beatSchedule'] = ${JSON.stringify(BEAT_SCHEDULE, null, 2)};

export default defineConfig({
  beatSchedule: {
    ...entries,
    plain: { task: 'tasks.note', schedule: timedelta({ milliseconds: ${SCHEDULE * 1_000} }) },
  },
});
`;
}
