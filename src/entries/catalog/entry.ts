import type { Canvas } from '../../celery/canvas/canvas.ts';
import type { ComputeArguments, LazyContext } from '../../celery/message/lazy.ts';
import type { Arguments, MessageOptions } from '../../celery/message/message.ts';
import type { RunCause } from '../../celery/message/run.ts';
import type { Schedule } from '../../schedule/schedule.ts';

/**
 * The policy for missed occurrences (beat was down, the broker was unreachable): `once` publishes one run, for the
 * newest of them; `all` publishes each, oldest first; `skip` publishes none.
 */
export type MissedPolicy = 'once' | 'skip' | 'all';

/**
 * What happens to an occurrence that is due while an earlier run of its entry has no outcome: `allow` publishes it,
 * `skip` skips it, `queue` publishes it when the run has ended, `cancel` ends the run and publishes it.
 */
export type OverlapPolicy = 'allow' | 'skip' | 'queue' | 'cancel';

/** A named schedule with the task it calls: one row of `beatSchedule` after validation. */
export interface Entry extends Arguments {
  readonly name: string;
  /** The registered name of the Celery task. */
  readonly task: string;
  readonly schedule: Schedule;
  /** A text for users, as in django-celery-beat. */
  readonly description?: string | undefined;
  /** Computes the arguments if they depend on the occurrence. Throws a `BeatError` if it fails, or they are invalid. */
  readonly compute?: ComputeArguments | undefined;
  /** The canvas, if the entry calls several tasks or has callbacks; `task` then only describes it. */
  readonly canvas?: Canvas | undefined;
  readonly options: MessageOptions;
  /** Renders the templates in the options of an occurrence and of its canvas; absent if there are none. */
  readonly render?: ((text: string, context: LazyContext) => string) | undefined;
  /** A disabled entry is never due, and does not catch up when it is enabled again. */
  readonly enabled: boolean;
  /** Whether it was created at run time and is in the store; absent from an entry of the configuration. */
  readonly stored?: boolean;
  readonly missed: MissedPolicy;
  /** With `all`, the most runs that are caught up: the newest. */
  readonly maxCatchUp: number;
  /** Milliseconds after `dueAt` until which an occurrence may be published; `null` for no limit. */
  readonly startingDeadline: number | null;
  /** `allow` unless given. */
  readonly overlap?: OverlapPolicy;
  /** How long a run without an outcome counts as running, milliseconds; 24 hours unless given. */
  readonly maxRuntime?: number;
  /** When another scheduler last ran it, epoch milliseconds. An entry without state counts from this instant. */
  readonly lastRunAt?: number;
}

/** One nominal instant of an entry. */
export interface Occurrence {
  readonly entry: Entry;
  /** The nominal instant, epoch milliseconds, not the time of publishing. */
  readonly dueAt: number;
  /** Why its run is published; `schedule` unless given. */
  readonly cause?: RunCause | undefined;
  /** The id of the command that asked for the run; absent from a scheduled one. */
  readonly commandId?: string | undefined;
}

/** Whether runs of the entry must not overlap, so that its state contains those that are running. */
export function limitsOverlap({ overlap = 'allow' }: Pick<Entry, 'overlap'>): boolean {
  return overlap !== 'allow';
}

/** How long a run without an outcome counts as running, unless its entry says otherwise. Milliseconds. */
const DEFAULT_MAX_RUNTIME = 24 * 3_600_000;

/** When a run that was published at `sentAt` no longer counts as running. Epoch milliseconds. */
export function endsBy({ maxRuntime = DEFAULT_MAX_RUNTIME }: Pick<Entry, 'maxRuntime'>, sentAt: number): number {
  return sentAt + maxRuntime;
}
