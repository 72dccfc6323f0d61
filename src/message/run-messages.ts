import type { Message } from './message.ts';

/** All that one occurrence sends. */
export interface RunMessages {
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
  /**
   * The header's results as Celery keeps them (JSON), where some of them are groups of results: without it
   * the body would be called with all of them in one flat list. `null` where they are in one anyway.
   */
  readonly results: string | null;
}
