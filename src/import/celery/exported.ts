import type { Left } from '../found.ts';

/** The output of `python/celery_beat/export`: the state of Celery's beat as plain data in Celery's spelling. */
export interface Exported {
  readonly celery: string;
  /** The import path of the scheduler's class. */
  readonly scheduler: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly entries: readonly ExportedEntry[];
  readonly problems: readonly Problem[];
}

export interface ExportedEntry {
  readonly name: string;
  /** Whether Celery's beat adds the entry, which is in no setting. */
  readonly installed: boolean;
  readonly entry: Readonly<Record<string, unknown>>;
  /** The messages that Celery publishes for the entry; none if it fails to. */
  readonly messages: readonly CeleryMessage[];
  /** ISO 8601 with an offset. */
  readonly last_run_at?: string;
  /** The row of django-celery-beat. */
  readonly row?: ExportedRow;
  /** The next instants by Celery, ISO 8601; absent if they were not asked for. */
  readonly upcoming?: readonly (string | null)[];
}

/** What django-celery-beat stores beside the fields of every entry. Instants are ISO 8601 with an offset. */
export interface ExportedRow {
  readonly one_off: boolean;
  readonly start_time: string | null;
  readonly expires: string | null;
  readonly enabled: boolean;
  readonly total_run_count: number;
  readonly last_run_at: string | null;
  readonly date_changed: string | null;
}

/** A message as kombu gives it to the transport of a broker. */
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

/** Something that beat does not do as Celery's beat does. */
export interface Problem {
  readonly kind: NonNullable<Left['kind']>;
  readonly what: string;
  readonly instead: string;
  /** The entries that it concerns; none if it concerns all. */
  readonly entries: readonly string[];
}
