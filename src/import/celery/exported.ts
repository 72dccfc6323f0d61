import type { TimingColumns } from '../django/timing.ts';
import type { Left } from '../found.ts';

/** The output of `python/celery_beat/export`: the state of Celery's beat as plain data in Celery's spelling. */
export interface Exported {
  readonly celery: string;
  readonly scheduler: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly entries: readonly ExportedEntry[];
  readonly problems: readonly Problem[];
}

export interface ExportedEntry {
  readonly name: string;
  /** Whether Celery's beat adds the entry by itself, without a setting. */
  readonly installed: boolean;
  readonly entry: Readonly<Record<string, unknown>>;
  /** The messages that Celery publishes for the entry; empty if publishing fails. */
  readonly messages: readonly CeleryMessage[];
  /** ISO 8601 with an offset. */
  readonly last_run_at?: string;
  /** The row of django-celery-beat. Instants are ISO 8601 with an offset. */
  readonly row?: TimingColumns<boolean>;
  /** The next instants according to Celery, ISO 8601; absent unless requested. */
  readonly upcoming?: readonly (string | null)[];
}

/** A message as kombu passes it to the transport of a broker. */
export interface CeleryMessage {
  /** When it was serialized, epoch milliseconds. */
  readonly at: number;
  readonly exchange: string;
  readonly routing_key: string;
  readonly priority: number;
  readonly content_type: string;
  readonly content_encoding: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** A difference between beat and Celery's beat. */
export interface Problem {
  readonly kind: NonNullable<Left['kind']>;
  readonly what: string;
  readonly instead: string;
  /** The affected entries; empty if all are affected. */
  readonly entries: readonly string[];
}
