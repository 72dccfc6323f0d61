import type { ChordSize } from '../../celery/message/message.ts';
import type { ResultBackend } from '../../contracts/store/results.ts';

export class MemoryResults implements ResultBackend {
  /** By group id. */
  readonly chords = new Map<string, ChordSize>();

  async expect(chords: readonly ChordSize[]): Promise<void> {
    for (const chord of chords) this.chords.set(chord.groupId, chord);
  }

  async close(): Promise<void> {}
}
