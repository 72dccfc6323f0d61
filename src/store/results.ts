import type { SentinelLogin } from '../broker/connection-settings.ts';
import type { TlsSettings } from '../broker/tls.ts';
import type { ChordSize } from '../message/run-messages.ts';

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

/** Where workers keep what tasks return. */
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
