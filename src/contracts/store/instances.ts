import { parseJson } from '../../util/decode/json.ts';
import { describeUnreadable, isReadable, isUnreadable, type Unreadable } from './unreadable.ts';
import { isCount, isInstant, isNumber, isText, mapOf, oneOf, orNull, type Checked } from './record-fields.ts';

/** Milliseconds after its last announcement at which an instance counts as gone. */
export const INSTANCE_EXPIRY = 15_000;

/** An instance as it announces itself. Instants are epoch milliseconds by its own clock. */
export type Announcement = Checked<typeof isAnnouncement>;
const isAnnouncement = mapOf({
  /** Unique for each start of an instance. */
  id: isText,
  host: isText,
  /** `null` if its origin does not name one. */
  pid: orNull(isCount),
  version: isText,
  role: oneOf('leader', 'follower'),
  /** The fencing token of its term; `null` for a follower. */
  term: orNull(isCount),
  startedAt: isInstant,
  /** How far the host's clock is ahead of the store's; `null` unless it was measured, which only leaders do. */
  skewMs: orNull(isNumber),
});

/** An instance that was seen lately. */
export interface Instance extends Announcement {
  /** Milliseconds since it announced itself, by the clock of the store. */
  readonly seenAgoMs: number;
}

export type ListedInstance = Instance | Unreadable;

/** The instances that announced themselves, for display only: leadership depends on the lock and the term. */
export interface Instances {
  /** Replaces the announcement of that id. Also removes instances that are gone. */
  announce(announcement: Announcement): Promise<void>;
  withdraw(id: string): Promise<void>;
  /** The instances seen within `INSTANCE_EXPIRY`: the leader, then by host and start, unreadable ones last. */
  list(): Promise<readonly ListedInstance[]>;
}

export interface StoredAnnouncement {
  readonly id: string;
  readonly json: string;
  /** Negative if the announcement is later than the time of the store. */
  readonly seenAgoMs: number;
}

/** Whether an announcement is too old, or too far in the future: another program wrote it, or a clock was set back. */
export function isGone(seenAgoMs: number): boolean {
  return !(Math.abs(seenAgoMs) < INSTANCE_EXPIRY);
}

/** Decodes and sorts announcements. A leader of an earlier term, which was killed, counts as a follower. */
export function readInstances(rows: readonly StoredAnnouncement[]): readonly ListedInstance[] {
  const recent = rows.filter(({ seenAgoMs }) => !isGone(seenAgoMs)).map(decode);
  const found = recent.filter(isReadable);
  const newest = found.reduce((most, { term }) => Math.max(most, term ?? -Infinity), -Infinity);
  const readable = found
    .map((each): Instance =>
      each.role === 'leader' && each.term !== newest ? { ...each, role: 'follower', term: null } : each,
    )
    .toSorted(
      (a, b) =>
        Number(b.role === 'leader') - Number(a.role === 'leader') ||
        (a.host < b.host ? -1 : Number(a.host > b.host)) ||
        a.startedAt - b.startedAt,
    );
  return [...readable, ...recent.filter(isUnreadable)];
}

function decode({ id, json, seenAgoMs }: StoredAnnouncement): ListedInstance {
  try {
    const value = parseJson(json);
    if (isAnnouncement(value)) return { ...value, seenAgoMs: Math.max(0, seenAgoMs) };
  } catch {
    // Described below.
  }
  return describeUnreadable(json, {
    id,
    expected: 'the announcement of an instance',
    instants: ['startedAt'],
    repair: `expires by itself within ${INSTANCE_EXPIRY / 1_000} seconds`,
  });
}
