import type { Router } from '../routing/router.ts';
import type { Encoding } from '../message/payload.ts';

/** Who sends: what the messages of one beat have in common. */
export interface MessageContext {
  /** IANA name: the zone that `eta` and `expires` are written in. */
  readonly timezone: string;
  readonly router: Router;
  /** How bodies are written where neither entry nor route says otherwise. */
  readonly encoding: Encoding;
  /** Celery's message protocol: 2, or 1 for workers of Celery 3. */
  readonly protocol: 1 | 2;
  /** Part of every task id: two apps with entries of one name must not share ids. */
  readonly keyPrefix: string;
  /** `gen<pid>@<host>`, as Celery's producers call themselves. */
  readonly origin: string;
  /** A UUID; Celery's producers name their reply queue by it. */
  readonly replyTo: string;
}
