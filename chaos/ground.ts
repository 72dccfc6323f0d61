import type { BeatConfig } from '../src/config/define.ts';
import type { QueuedRun } from '../test/support/queues.ts';
import type { Kinds } from './scenario.ts';

/** Where a run takes place: a broker of its own, and what can be done to it. */
export interface Ground extends AsyncDisposable {
  /** Where broker and ledger are, by ways that nothing happens to. */
  readonly config: Pick<BeatConfig, 'brokerUrl' | 'stateUrl'>;
  /** The broker, as the beat in that place reaches it. */
  urlFor(slot: number): string;
  /** Whether blows of this kind hit the wire of one beat, or everybody. */
  hits(kind: string): 'one' | 'all';
  /** Does it to that beat's way to the broker, or to the broker; resolves when all is whole again. */
  strike(kind: string, slot: number, lasts: number): Promise<void>;
  /** All that was ever sent, one list per queue, oldest first. */
  queued(): Promise<QueuedRun[][]>;
}

/** A kind of broker to run on. */
export interface Place {
  /** What can be done there beside what can be done to processes anywhere. */
  readonly kinds: Kinds;
  /** Whether a run may stand in its queue more than once, under one and the same id. */
  readonly repeats: boolean;
  open(beats: number): Promise<Ground>;
  /** Ends what was kept for another run. */
  close?(): Promise<void>;
}
