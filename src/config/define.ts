import type { MissedPolicy } from '../entry.ts';
import type { Schedule } from '../schedule/schedule.ts';
import type { SentinelLogin } from './settings.ts';

/** A number of seconds, as in Celery, or text with units: `500ms`, `8s`, `5m`, `2h`, `1d`, `1h30m`. */
export type Duration = number | string;

/**
 * An instant: ISO 8601 text or a `Date`. Text without an offset is read in the entry's time zone
 * (its own, else the configuration's).
 */
export type Instant = string | Date;

/**
 * What users write. `snake_case` and Celery's old upper-case names are read the same way; top-level
 * keys that begin with `x-` are left alone (a place for YAML anchors).
 */
export interface BeatConfig {
  /** Read by editors alone. */
  $schema?: string | undefined;
  /**
   * Where tasks are sent. Several URLs, as a list or with `;` between them, are tried in turn: nodes of
   * one RabbitMQ cluster, or sentinels. Default `sqla+sqlite:///beat.sqlite`, one file, no server.
   */
  brokerUrl?: string | readonly string[] | undefined;
  /**
   * Where lock and ledger are: Redis, Sentinel or an SQLite file. Default: the broker itself, where it
   * can keep them; under RabbitMQ the file `sqla+sqlite:///beat.sqlite`, which one host alone can see.
   */
  stateUrl?: string | undefined;
  /**
   * Independent Redis servers, best three or five: whoever has the lock on most of them leads. Default:
   * the lock is where the ledger is.
   */
  lockUrls?: readonly string[] | undefined;
  /** What follows a broker URL that does not work: the next, or any. Default `round-robin`. */
  brokerFailoverStrategy?: 'round-robin' | 'shuffle' | undefined;
  /** AMQP: how often both sides say that they are there; whole seconds, 0 for never. Default 10 s. */
  brokerHeartbeat?: Duration | undefined;
  /** AMQP: how long a connection may take to be made. Default 4 s. */
  brokerConnectionTimeout?: Duration | undefined;
  /** IANA name: the zone of every entry that names none. Default UTC. */
  timezone?: string | undefined;
  /** Celery's switch: `false`, with no `timezone`, means the zone of the host. Default `true`. */
  enableUtc?: boolean | undefined;
  /** Name → entry. */
  beatSchedule?: Record<string, EntryConfig> | undefined;
  lock?: LockConfig | undefined;
  /** Before every name under which beat keeps state. Default `beat`. */
  keyPrefix?: string | undefined;
  /** Where tasks go that name no queue. Default `celery`. */
  taskDefaultQueue?: string | undefined;
  /** AMQP: of the default queue. Default `classic`. */
  taskDefaultQueueType?: 'classic' | 'quorum' | undefined;
  /** AMQP: of every other queue. Default `classic`. */
  taskCreateMissingQueueType?: 'classic' | 'quorum' | undefined;
  /** AMQP: `x-max-priority` of every queue, 1 to 255. Default: none. */
  taskQueueMaxPriority?: number | undefined;
  /** AMQP: `false` declares no queue and no exchange. Default `true`. */
  declareQueues?: boolean | undefined;
  brokerTransportOptions?: TransportConfig | undefined;
  /** For every entry that has no `missed` of its own. Default `once`. */
  missed?: MissedPolicy | undefined;
  /** For every entry that has none of its own. Default 1000. */
  missedCap?: number | undefined;
  /** For every entry that has none of its own; Celery's `beat_cron_starting_deadline`. Default: no limit. */
  startingDeadline?: Duration | null | undefined;
}

/** One row of `beatSchedule`. */
export interface EntryConfig {
  /** The registered name of the Celery task. */
  task: string;
  schedule: ScheduleConfig;
  args?: readonly unknown[] | undefined;
  kwargs?: Readonly<Record<string, unknown>> | undefined;
  options?: OptionsConfig | undefined;
  /** The same as `options.expires`. */
  expires?: Duration | Instant | undefined;
  /** Puts an interval's grid on round instants, as in Celery. Intervals only. */
  relative?: boolean | undefined;
  /** Default `true`. */
  enabled?: boolean | undefined;
  /** IANA name: the zone of the schedule, and of instants written without an offset. */
  timezone?: string | undefined;
  /** What to do about occurrences whose time passed unsent. */
  missed?: MissedPolicy | undefined;
  /** With `missed: 'all'`, the most runs that are made up for at once: the newest. */
  missedCap?: number | undefined;
  /** How long after its time an occurrence is still sent. `null`: however late. */
  startingDeadline?: Duration | null | undefined;
}

/** A number of seconds (or a duration with units), a schedule made in code, or one as text. */
export type ScheduleConfig = Duration | Schedule | ScheduleMap;

/** A schedule as YAML and JSON have it: one of the four kinds, and a time zone if need be. */
export interface ScheduleMap {
  timedelta?: TimedeltaConfig | undefined;
  crontab?: CrontabConfig | undefined;
  cron?: string | undefined;
  at?: Instant | undefined;
  timezone?: string | undefined;
}

/** Their sum is the interval. */
export interface TimedeltaConfig {
  weeks?: number | undefined;
  days?: number | undefined;
  hours?: number | undefined;
  minutes?: number | undefined;
  seconds?: number | undefined;
  milliseconds?: number | undefined;
  microseconds?: number | undefined;
}

/** A number, Celery's text (`*`, `1-5`, `1,15`, a step, a name), or a list of numbers. */
export type CrontabField = number | string | readonly number[];

/** Celery's crontab: all five must match. A field left out matches always. */
export interface CrontabConfig {
  minute?: CrontabField | undefined;
  hour?: CrontabField | undefined;
  dayOfWeek?: CrontabField | undefined;
  dayOfMonth?: CrontabField | undefined;
  monthOfYear?: CrontabField | undefined;
}

/** Options of Celery's `apply_async` that shape the message. */
export interface OptionsConfig {
  queue?: string | undefined;
  /** 0 to 255. Redis delivers 0 first, RabbitMQ the highest. */
  priority?: number | undefined;
  /** After sending, before which no worker starts the task. Wins over `eta`. */
  countdown?: Duration | undefined;
  /** Before which no worker starts the task. */
  eta?: Instant | undefined;
  /** When the task is worthless: so long after sending, at an instant, or (`next`) once the next occurrence is due. */
  expires?: Duration | Instant | undefined;
  /** How long a worker lets the task run. */
  timeLimit?: Duration | undefined;
  /** After which a worker warns the task. */
  softTimeLimit?: Duration | undefined;
  headers?: Readonly<Record<string, unknown>> | undefined;
  shadow?: string | undefined;
  ignoreResult?: boolean | undefined;
  taskId?: string | undefined;
  deliveryMode?: 1 | 2 | 'transient' | 'persistent' | undefined;
  serializer?: 'json' | undefined;
}

export interface LockConfig {
  /** How long a leader that says nothing keeps the lock: 1 s to 1 day. Default 8 s. */
  ttl?: Duration | undefined;
}

/** Celery's `broker_transport_options`; those that concern only workers are read and left to them. */
export interface TransportConfig {
  globalKeyprefix?: string | undefined;
  sep?: string | undefined;
  prioritySteps?: readonly number[] | undefined;
  queueOrderStrategy?: string | undefined;
  /** Sentinel: the name of the master. */
  masterName?: string | undefined;
  /** Sentinel: how to log in to the sentinels themselves; the URL's password is the master's. */
  sentinelKwargs?: SentinelLogin | undefined;
  /** How long Redis may take to answer, and to be connected to. */
  socketTimeout?: Duration | undefined;
  socketConnectTimeout?: Duration | undefined;
  [workersOption: string]: unknown;
}

/** Types a configuration for the editor; returns it as it is. */
export function defineConfig(config: BeatConfig): BeatConfig {
  return config;
}
