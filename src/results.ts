import type { ChordSize } from './message/run.ts';

/** Where workers keep what tasks return, as far as whoever sends tasks has to write there. */
export interface ResultBackend {
  /**
   * Says of chords how many results their bodies wait for. Done before a worker can take any of their
   * tasks: a chord that ends unannounced is never joined. Saying it again changes nothing. Rejects with
   * a `StoreError` when it cannot be known whether it was heard.
   */
  expect(chords: readonly ChordSize[]): Promise<void>;
  close(): Promise<void>;
}
