import type { SentinelLogin, TlsSettings } from '../broker/connection-settings.ts';
import type { ChordSize } from '../../celery/message/message.ts';

/** The part of the workers' result backend that the sender of tasks writes to. */
export interface ResultBackend {
  /**
   * Registers how many results the bodies of chords wait for. Must precede the publishing of any header task: a
   * chord that is not registered never runs its body. Idempotent; rejects with a `StoreError` if the outcome is unknown.
   */
  expect(chords: readonly ChordSize[]): Promise<void>;
  close(): Promise<void>;
}

export interface ResultSettings {
  /** How long results are stored, milliseconds; `null` for ever. */
  readonly expires: number | null;
  /** Whether the backend deletes expired results by itself. */
  readonly expiresByItself: boolean;
  /** Whether workers store the request of a task with its result. */
  readonly extended: boolean;
  /** The prefix of all keys; empty, or ends in one of `: _ - .`. */
  readonly keyPrefix: string;
  /** Whether the results of a chord have the order of its tasks. */
  readonly chordOrdered: boolean;
  /** Sentinel: the name of the master, and the login of the sentinels. */
  readonly masterName: string | null;
  readonly sentinelKwargs: SentinelLogin;
  /** Encryption of the connection to Redis, where the URL does not configure it. */
  readonly tls: TlsSettings | null;
}
