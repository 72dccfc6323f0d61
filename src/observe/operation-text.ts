import type { Operation } from '../contracts/events/beat-events.ts';

/** How log lines describe an operation. */
export interface OperationText {
  /** A noun, as in `Recovered: leadership`. */
  readonly name: string;
  /** What failed, as in `Commit failed: …`. */
  readonly failed: string;
  /** The effect of the failure and the next step; `null` where the error names them. */
  readonly effect: string | null;
}

export function describeOperation(operation: Operation): OperationText {
  switch (operation.kind) {
    case 'lock':
      return LOCK_TEXTS[operation.action];
    case 'lead':
      return {
        name: 'leadership',
        failed: 'Term could not begin',
        effect: 'not leading, retrying',
      };
    case 'commit':
      return {
        name: 'commits',
        failed: 'Commit failed',
        effect: 'publishing paused, retrying',
      };
    case 'commit-entry':
      return {
        name: `commits of entry ${operation.entry}`,
        failed: `Store rejected the commit of entry ${operation.entry}`,
        effect: 'its run is delayed, retrying',
      };
    case 'read-state':
      return {
        name: `stored state of entry ${operation.entry}`,
        failed: `Stored state of entry ${operation.entry} is unreadable`,
        effect: null,
      };
    case 'read-definition':
      return {
        name: `stored entry ${operation.entry}`,
        failed: `Stored entry ${operation.entry} is unreadable`,
        effect: 'it does not run; update or remove it',
      };
    case 'load-entries':
      return {
        name: 'loading of stored entries',
        failed: 'Stored entries could not be loaded',
        effect: 'their runs are delayed, retrying',
      };
    case 'schedule':
      return {
        name: `schedule of entry ${operation.entry}`,
        failed: `Schedule of entry ${operation.entry} failed`,
        effect: 'the entry does not run until the next term',
      };
    case 'prepare':
      return {
        name: `entry ${operation.entry}`,
        failed: `Run of entry ${operation.entry} could not be prepared`,
        effect: 'its run is delayed, retrying',
      };
    case 'publish':
      return {
        name: `publishing to ${operation.target}`,
        failed: `Publishing entry ${operation.entry} to ${operation.target} failed`,
        effect: null,
      };
    case 'cancel':
      return {
        name: 'ending of runs that are replaced',
        failed: 'Workers could not be asked to end a run',
        effect: 'the run that replaces it is delayed, retrying',
      };
    case 'read-outcomes':
      return {
        name: 'outcomes of runs',
        failed: 'Outcomes of runs could not be read',
        effect:
          'outcomes are late, retrying; publishing is not affected except for entries that limit overlap',
      };
    case 'read-result':
      return {
        name: `results of entry ${operation.entry}`,
        failed: `A result of entry ${operation.entry} is unreadable`,
        effect:
          'it is not read again: the run ends with the task event of its end, else after maxRuntime',
      };
    case 'receive-task-events':
      return {
        name: "workers' task events",
        failed: "Workers' task events could not be received",
        effect: 'outcomes have no runtime, retrying',
      };
    case 'append-outcomes':
      return {
        name: 'outcomes in the history',
        failed: 'Outcomes could not be appended to the history',
        effect: 'retrying',
      };
    case 'register-chords':
      return {
        name: 'registration of chord sizes',
        failed: 'Registration of chord sizes failed',
        effect: 'these chords are delayed, retrying',
      };
    case 'task-events':
      return { name: 'task events', failed: 'Publishing task events failed', effect: null };
    case 'commands':
      return {
        name: 'commands',
        failed: 'Commands could not be applied',
        effect: 'commands wait in the log, retrying',
      };
    case 'receive':
      return {
        name: 'receiving of messages',
        failed: 'Messages could not be received',
        effect: 'no job begins, retrying',
      };
    case 'acknowledge':
      return {
        name: 'acknowledgement of messages',
        failed: 'Message could not be acknowledged',
        effect: 'retrying; the broker may deliver it again',
      };
    case 'store-result':
      return {
        name: 'storing of results',
        failed: 'Result could not be stored',
        effect: 'retrying',
      };
    case 'listener':
      return {
        name: `listener of "${operation.event}"`,
        failed: `Listener of "${operation.event}" failed`,
        effect: 'scheduling is not affected',
      };
  }
}

const LOCK_TEXTS: Record<Extract<Operation, { kind: 'lock' }>['action'], OperationText> = {
  acquire: {
    name: 'lock acquisition',
    failed: 'Lock could not be acquired',
    effect: 'this instance cannot lead, retrying',
  },
  renew: {
    name: 'lock renewal',
    failed: 'Lock could not be renewed',
    effect: 'retrying, leadership ends before the lock expires',
  },
  release: {
    name: 'lock release',
    failed: 'Lock could not be released',
    effect: 'another instance can lead when it expires',
  },
};
