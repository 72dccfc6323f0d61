import type { Entry } from '../src/entries/catalog/entry.ts';
import type { Recorded } from '../src/read-models/history/account.ts';
import type { EntryState } from '../src/contracts/store/entry-state.ts';
import type { SentCommand } from './command-sender.ts';
import type { Lag } from './machine-lag.ts';
import type { WorkedTask } from './worker.ts';
import type { LogLine } from '../test/support/beat-process.ts';
import type { QueuedRun } from '../test/support/queues.ts';

/** A fault that the nemesis injected, and for how long. Epoch milliseconds. */
export interface InjectedFault {
  readonly kind: string;
  /** The slot of the affected instance; `null` where a server was affected. */
  readonly slot: number | null;
  /** The number of the affected process, counted over the whole run; `null` for the network and servers. */
  readonly process: number | null;
  /** Whether the instance of the slot was the leader. */
  readonly led: boolean;
  readonly from: number;
  readonly to: number;
}

/** Everything that is known about a finished run. Instants are epoch milliseconds. */
export interface History {
  /** The entries of the configuration, and the stored entries that exist at the end. */
  readonly entries: readonly Entry[];
  readonly keyPrefix: string;
  /** When the first fault and the first command were planned from. Epoch milliseconds. */
  readonly startedAt: number;
  /** When the last fault was healed: every occurrence until then must be published or skipped. */
  readonly healedAt: number;
  /** Crashes and hangs that no injected fault explains. */
  readonly crashes: readonly string[];
  /** In order of their start. */
  readonly faults: readonly InjectedFault[];
  /** When hostile inputs were sent and no fault was injected; `null` if none were. Epoch milliseconds. */
  readonly hostile: { readonly from: number; readonly to: number; readonly lags: readonly Lag[] } | null;
  /** In order of their start, with the instant at which each was ended. */
  readonly processes: readonly { readonly log: readonly LogLine[]; readonly endedAt: number | null }[];
  /** What was published, one list per queue, oldest first. */
  readonly queues: readonly (readonly QueuedRun[])[];
  readonly states: ReadonlyMap<string, EntryState>;
  /** The entries with the rows of their histories. */
  readonly recorded: readonly Recorded[];
  /** In order of their sending. */
  readonly commands: readonly SentCommand[];
  /** What the simulated worker received, by task id. */
  readonly tasks: ReadonlyMap<string, WorkedTask>;
  /** When it received the revoke of each task, by task id. */
  readonly revoked: ReadonlyMap<string, number>;
  /** Whether a run may be published more than once under the same task id. */
  readonly mayRepeat: boolean;
}
