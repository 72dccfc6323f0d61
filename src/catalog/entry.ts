import type { Canvas } from '../canvas/canvas.ts';
import type { LazyContext } from '../message/lazy.ts';
import type { Arguments, MessageOptions } from '../message/message.ts';
import type { RunCause } from '../message/run.ts';
import type { Schedule } from '../schedule/schedule.ts';

/**
 * What to do about occurrences whose time passed unsent (beat was down, the broker was away):
 * `once` sends one run, for the newest of them; `all` sends each, oldest first; `skip` sends none.
 */
export type MissedPolicy = 'once' | 'skip' | 'all';

/** A named schedule with the task it calls: one row of `beatSchedule` after validation. */
export interface Entry extends Arguments {
  readonly name: string;
  /** The registered name of the Celery task. */
  readonly task: string;
  readonly schedule: Schedule;
  /** What the user says of it, for readers; as in django-celery-beat. */
  readonly description?: string | undefined;
  /**
   * Works out the arguments of an occurrence, instead of `args` and `kwargs`, where they depend on it. Throws
   * a `BeatError` when it cannot, or when a task cannot be sent them.
   */
  readonly compute?: ((context: LazyContext) => Arguments) | undefined;
  /** What is called instead, where it is more than one task, or has callbacks; `task` then names it for readers. */
  readonly canvas?: Canvas | undefined;
  readonly options: MessageOptions;
  /** Fills in the templates of a text in the options of an occurrence, its canvas's too, where there are any. */
  readonly render?: ((text: string, context: LazyContext) => string) | undefined;
  /** A disabled entry is never due, and owes nothing when it is enabled again. */
  readonly enabled: boolean;
  /** Whether it was created at run time and is in the store; absent from an entry of the configuration. */
  readonly stored?: boolean;
  readonly missed: MissedPolicy;
  /** With `all`, the most runs that are caught up at once: the newest. */
  readonly maxCatchUp: number;
  /** Milliseconds after `dueAt` beyond which an occurrence is not sent any more; `null` for no limit. */
  readonly startingDeadline: number | null;
}

/** One nominal instant of an entry. */
export interface Occurrence {
  readonly entry: Entry;
  /** The nominal instant, epoch milliseconds: when it should have been sent, not when it was. */
  readonly dueAt: number;
  /** Why its run is published; `schedule` unless given. */
  readonly cause?: RunCause | undefined;
  /** The id of the command that asked for the run; absent from a scheduled one. */
  readonly commandId?: string | undefined;
}
