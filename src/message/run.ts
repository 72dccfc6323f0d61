import type { Message } from './message.ts';

/** All that one occurrence sends. */
export interface Run {
  /**
   * The id under which the run's result is found, as Celery's `apply_async` would answer it: the task's, a
   * chain's last task's, a chord's body's, or the group's.
   */
  readonly taskId: string;
  /** In the order in which they are sent; more than one for a group. */
  readonly messages: readonly Message[];
  /** Chords whose size the result backend must know before a worker takes any of the messages. */
  readonly chords: readonly ChordSize[];
}

export interface ChordSize {
  readonly groupId: string;
  /** How many results the body waits for. */
  readonly size: number;
}
