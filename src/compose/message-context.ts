import type { Router } from '../routing/router.ts';
import type { Encoding } from '../message/payload.ts';

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
}
