import { parseJson } from '../util/decode/json.ts';
import { isCount, isInstant, isNumber, isText, mapOf, oneOf, orNull } from './record-fields.ts';

/** Milliseconds after its last announcement at which an instance counts as gone. */
export const INSTANCE_EXPIRY = 15_000;

/** An instance as it announces itself. Instants are epoch milliseconds by its own clock. */
export interface Announcement {
  /** Unique for each start of an instance. */
  readonly id: string;
  readonly host: string;
  /** `null` if its origin does not name one. */
  readonly pid: number | null;
  readonly version: string;
  readonly role: 'leader' | 'follower';
  /** The fencing token of its term; `null` for a follower. */
  readonly term: number | null;
  readonly startedAt: number;
  /** How far the host's clock is ahead of the store's; `null` unless it was measured, which only leaders do. */
  readonly skewMs: number | null;
}

/** An instance that was seen lately. */
export interface Instance extends Announcement {
  /** Milliseconds since it announced itself, by the clock of the store. */
  readonly seenAgoMs: number;
}

/** The instances that run, as far as they announced themselves. It decides nothing: the lock and the term do. */
export interface Instances {
  /** Replaces the announcement of that id. Also removes instances that are gone. */
  announce(announcement: Announcement): Promise<void>;
  /** Removes the announcement of an instance that stops. */
  withdraw(id: string): Promise<void>;
  /** Those that announced themselves within `INSTANCE_EXPIRY`, the leader first, then by host and start. */
  list(): Promise<readonly Instance[]>;
}

/**
 * Decodes announcements, leaves out texts that are none, and sorts. A leader that was killed has not withdrawn: it counts
 * as a follower as soon as another leads in a newer term.
 */
export function readInstances(
  rows: readonly { readonly json: string; readonly seenAgoMs: number }[],
): readonly Instance[] {
  const found = rows
    .filter(({ seenAgoMs }) => seenAgoMs < INSTANCE_EXPIRY)
    .flatMap(({ json, seenAgoMs }) => {
      const announcement = decode(json);
      return announcement ? [{ ...announcement, seenAgoMs: Math.max(0, seenAgoMs) }] : [];
    });
  const newest = found.reduce((most, { term }) => Math.max(most, term ?? -Infinity), -Infinity);
  return found
    .map((each): Instance =>
      each.role === 'leader' && each.term !== newest
        ? { ...each, role: 'follower', term: null }
        : each,
    )
    .toSorted(
      (a, b) =>
        Number(b.role === 'leader') - Number(a.role === 'leader') ||
        (a.host < b.host ? -1 : Number(a.host > b.host)) ||
        a.startedAt - b.startedAt,
    );
}

const checkAnnouncement = mapOf({
  ...{ id: isText, host: isText, pid: orNull(isCount), version: isText },
  ...{ role: oneOf('leader', 'follower'), term: orNull(isCount) },
  ...{ startedAt: isInstant, skewMs: orNull(isNumber) },
});

function decode(json: string): Announcement | null {
  try {
    const value = parseJson(json);
    return checkAnnouncement(value) ? (value as Announcement) : null;
  } catch {
    return null;
  }
}
