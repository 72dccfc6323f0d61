import type { Router } from '../../celery/routing/router.ts';
import type { Destination } from '../../celery/message/destination.ts';
import type { Encoding } from '../../celery/message/payload.ts';
import type { RunCause } from '../../celery/message/run.ts';

/** The values that all messages of one beat share. */
export interface MessageContext {
  /** The IANA zone of `eta` and `expires`. */
  readonly timezone: string;
  readonly router: Router;
  /** The default encoding of bodies. */
  readonly encoding: Encoding;
  /** Celery's message protocol: 2, or 1 for workers of Celery 3. */
  readonly protocol: 1 | 2;
  /** Part of every task id, so that entries of two apps with equal names have different ids. */
  readonly keyPrefix: string;
  /** `gen<pid>@<host>`, as Celery's producers call themselves. */
  readonly origin: string;
  /** A UUID; Celery's producers name their reply queue by it. */
  readonly replyTo: string;
  /** Absent unless runs are traced. */
  readonly traceRun?: TraceRun | undefined;
}

/** Returns the headers by which a worker continues the trace of a task: equal for equal task ids. */
export type TraceRun = (task: TracedTask) => Readonly<Record<string, string>>;

export interface TracedTask {
  readonly entry: string;
  readonly task: string;
  readonly taskId: string;
  /** Epoch milliseconds. */
  readonly dueAt: number;
  readonly cause: RunCause;
  readonly destination: Destination;
}
