import type { Message } from './message.ts';

/** The messages of one occurrence. */
export interface RunMessages {
  /**
   * The id of the result, as Celery's `apply_async` returns it: that of the task, the last task of a chain, the
   * body of a chord, or the group.
   */
  readonly taskId: string;
  /** In the order of publishing; more than one for a group. */
  readonly messages: readonly Message[];
  /** Chords to register with the result backend before any message is published. */
  readonly chords: readonly ChordSize[];
}

export interface ChordSize {
  readonly groupId: string;
  /** The number of results that the body waits for. */
  readonly size: number;
  /**
   * The results of the header as Celery stores them (JSON) if some are groups; without it, the body would get one
   * flat list. `null` for a flat header.
   */
  readonly results: string | null;
}
