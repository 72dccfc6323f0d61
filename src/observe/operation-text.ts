import type { Operation } from '../contracts/events/beat-events.ts';

type OperationKind = Operation['kind'];
/**
 * A noun, as in `Recovered: leadership`; what failed, as in `Commit failed: …`; the effect of the failure and the next
 * step, `null` where the error names them.
 */
type Words = readonly [name: string, failed: string, effect: string | null];
const LOCK: Readonly<Record<Extract<Operation, { kind: 'lock' }>['action'], Words>> = {
  acquire: ['lock acquisition', 'Lock could not be acquired', 'this instance cannot lead, retrying'],
  renew: ['lock renewal', 'Lock could not be renewed', 'retrying, leadership ends before the lock expires'],
  release: ['lock release', 'Lock could not be released', 'another instance can lead when it expires'],
};

/** The scheduler's operations. The texts contain the fields `{entry}`, `{target}` and `{event}`. */
const SCHEDULER = {
  lead: ['leadership', 'Term could not begin', 'not leading, retrying'],
  commit: ['commits', 'Commit failed', 'publishing paused, retrying'],
  'commit-entry': [
    'commits of entry {entry}',
    'Store rejected the commit of entry {entry}',
    'its run is delayed, retrying',
  ],
  'read-state': ['stored state of entry {entry}', 'Stored state of entry {entry} is unreadable', null],
  'read-definition': [
    'stored entry {entry}',
    'Stored entry {entry} is unreadable',
    'it does not run; update or remove it',
  ],
  'load-entries': [
    'loading of stored entries',
    'Stored entries could not be loaded',
    'their runs are delayed, retrying',
  ],
  schedule: [
    'schedule of entry {entry}',
    'Schedule of entry {entry} failed',
    'the entry does not run until the next term',
  ],
  prepare: ['entry {entry}', 'Run of entry {entry} could not be prepared', 'its run is delayed, retrying'],
  publish: ['publishing to {target}', 'Publishing entry {entry} to {target} failed', null],
  cancel: [
    'ending of runs that are replaced',
    'Workers could not be asked to end a run',
    'the run that replaces it is delayed, retrying',
  ],
  'read-outcomes': [
    'outcomes of runs',
    'Outcomes of runs could not be read',
    'outcomes are late, retrying; publishing is not affected except for entries that limit overlap',
  ],
  'read-result': [
    'results of entry {entry}',
    'A result of entry {entry} is unreadable',
    'it is not read again: the run ends with the task event of its end, else after maxRuntime',
  ],
  'receive-task-events': [
    "workers' task events",
    "Workers' task events could not be received",
    'outcomes have no runtime, retrying',
  ],
  'append-outcomes': ['outcomes in the history', 'Outcomes could not be appended to the history', 'retrying'],
  'register-chords': [
    'registration of chord sizes',
    'Registration of chord sizes failed',
    'these chords are delayed, retrying',
  ],
  commands: ['commands', 'Commands could not be applied', 'commands wait in the log, retrying'],
  'task-events': ['task events', 'Publishing task events failed', null],
  listener: ['listener of "{event}"', 'Listener of "{event}" failed', 'scheduling is not affected'],
} as const satisfies Partial<Record<OperationKind, Words>>;

const WORKER: Readonly<Record<Exclude<OperationKind, 'lock' | keyof typeof SCHEDULER>, Words>> = {
  receive: ['receiving of messages', 'Messages could not be received', 'no job begins, retrying'],
  acknowledge: [
    'acknowledgement of messages',
    'Message could not be acknowledged',
    'retrying; the broker may deliver it again',
  ],
  'store-result': ['storing of results', 'Result could not be stored', 'retrying'],
};

export const SCHEDULER_OPERATIONS: readonly string[] = ['lock', ...Object.keys(SCHEDULER)];

export function describeOperation(operation: Operation) {
  const [name, failed, effect]: Words =
    operation.kind === 'lock' ? LOCK[operation.action] : { ...SCHEDULER, ...WORKER }[operation.kind];
  const fields = operation as Readonly<Record<string, string | undefined>>;
  const fill = (text: string) => text.replaceAll(/\{(\w+)\}/g, (_, field: string) => fields[field] ?? '');
  return { name: fill(name), failed: fill(failed), effect };
}
