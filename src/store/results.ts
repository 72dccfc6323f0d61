import type { SentinelLogin } from '../broker/connection-settings.ts';
import type { TlsSettings } from '../broker/tls.ts';
import type { ChordSize } from '../message/run-messages.ts';

/** The result backend of the workers, as far as the sender of tasks writes to it. */
export interface ResultBackend {
  /**
   * Registers how many results the bodies of chords wait for. Must precede the publishing of any header task: a
   * chord that is not registered never runs its body. Idempotent; rejects with a `StoreError` if the outcome is unknown.
   */
  expect(chords: readonly ChordSize[]): Promise<void>;
  close(): Promise<void>;
}

/** The settings of the result backend. */
export interface ResultSettings {
  /** As Celery writes it; a URL may hold passwords: see `maskUrl`. `null` when there is none. */
  readonly url: string | null;
  /** How long results are kept, milliseconds; `null` for ever. */
  readonly expires: number | null;
  /** Whether the backend forgets them by itself. */
  readonly expiresByItself: boolean;
  /** Before every key in it; empty, or ends in one of `: _ - .`. */
  readonly keyPrefix: string;
  /** Whether the results of a chord come in the order of its tasks. */
  readonly chordOrdered: boolean;
  /** Sentinel: the name of the master; how to log in to the sentinels themselves. */
  readonly masterName: string | null;
  readonly sentinelKwargs: SentinelLogin;
  /** How the connection to a backend in Redis is encrypted, beside what its URL says. */
  readonly tls: TlsSettings | null;
}
