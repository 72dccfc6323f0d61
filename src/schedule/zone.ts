import { IANAZone } from 'luxon';

import { ConfigError } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import { DAY, MAX_INSTANT, SECOND } from './instants.ts';
import { show } from './show.ts';

/** A stretch of time in which the clocks of a zone keep one offset. All in milliseconds. */
export interface Span {
  /** The first instant. The clocks need not have changed here: long stretches come in pieces. */
  readonly start: number;
  /** The first instant after it. */
  readonly end: number;
  /** Local time less UTC. */
  readonly offset: number;
  /** What the clocks had reached before `start` (local): later than `start` shows after a step back. */
  readonly reached: number;
}

/**
 * The rules of a zone are asked of luxon (that is, of the tz database that Node carries) once every
 * STEP, and bisected where two answers differ. So a stretch shorter than STEP could be overlooked. The
 * shortest there is between 1970 and 2100 lasts a week less an hour: Boa Vista, Noronha and Recife in
 * October 2000, Gaza and Hebron in 2040. (Compared with luxon in every half day of these years, in every
 * zone, it differs nowhere.)
 */
const STEP = 6 * DAY;
/** Small, so that a search for one day in each of 400 years asks about little besides. */
const PAGE = 5 * STEP;

/** At the ends of time a local date is no `Date` any more, and luxon has no answer. */
const LAST_ASKED = MAX_INSTANT - 2 * DAY;

/** A time zone as spans of constant offset, worked out page by page as they are asked for. */
export class Zone {
  readonly name: string;
  readonly #source: IANAZone;
  readonly #pages = new Map<number, readonly Span[]>();
  #last: Span;

  constructor(name: string) {
    this.name = name;
    this.#source = IANAZone.create(name);
    this.#last = isUtc(name) ? EVER : NEVER;
  }

  /** The span that an instant lies in. */
  spanAt(instant: number): Span {
    if (instant >= this.#last.start && instant < this.#last.end) return this.#last;
    const page = this.#page(Math.floor(instant / PAGE));
    this.#last = page.find(({ end }) => instant < end)!;
    return this.#last;
  }

  #page(number: number): readonly Span[] {
    let page = this.#pages.get(number);
    if (page === undefined) this.#pages.set(number, (page = this.#spans(number * PAGE)));
    return page;
  }

  /** Starts one step early, so that the first span knows what the clocks had reached before it. */
  #spans(from: number): Span[] {
    const until = from + PAGE;
    const spans: Span[] = [];
    let start = from - STEP;
    let offset = this.#offset(start);
    let reached = -Infinity;
    const close = (end: number) => {
      const span = { start: Math.max(start, from), end: Math.min(end, until), offset, reached };
      if (span.start < span.end) spans.push(span);
    };
    for (let sample = from; sample <= until; sample += STEP) {
      // A loop, not a condition: two changes may fall into one step.
      while (this.#offset(sample) !== offset) {
        const change = this.#changeIn(Math.max(start, sample - STEP), sample, offset);
        close(change);
        reached = Math.max(reached, change + offset);
        start = change;
        offset = this.#offset(change);
      }
    }
    close(until);
    return spans;
  }

  /** The first second in `(same, changed]` at which the offset is not `offset` any more. */
  #changeIn(same: number, changed: number, offset: number): number {
    let before = same / SECOND;
    let after = changed / SECOND;
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (this.#offset(middle * SECOND) === offset) before = middle;
      else after = middle;
    }
    return after * SECOND;
  }

  #offset(instant: number): number {
    const held = Math.min(Math.max(instant, -LAST_ASKED), LAST_ASKED);
    return Math.round(this.#source.offset(held) * 60_000);
  }
}

const EVER: Span = { start: -Infinity, end: Infinity, offset: 0, reached: -Infinity };
const NEVER: Span = { start: Infinity, end: Infinity, offset: 0, reached: -Infinity };

const UTC_NAMES = new Set([
  'UTC',
  'Etc/UTC',
  'Etc/UCT',
  'Etc/Zulu',
  'Etc/GMT',
  'GMT',
  'UCT',
  'Zulu',
]);

function isUtc(name: string): boolean {
  return UTC_NAMES.has(name);
}

const zones = new Map<string, Zone>();

/** The zone of a name that `checkZone` let pass; one object for each name. */
export function zoneNamed(name: string): Zone {
  let zone = zones.get(name);
  if (zone === undefined) zones.set(name, (zone = new Zone(name)));
  return zone;
}

/**
 * The right spelling of an IANA zone name: `europe/oslo` is read as `Europe/Oslo`. Anything else,
 * offsets such as `+02:00` included (they know no summer time), is a `ConfigError` at `timezone`.
 */
export function checkZone(name: unknown): string {
  if (typeof name === 'string') {
    const listed = spellings().get(name.toLowerCase());
    if (listed !== undefined) return listed;
    // Not every valid name is listed: `Asia/Kolkata` may stand there as `Asia/Calcutta` alone.
    if (/^[a-z]/i.test(name) && IANAZone.isValidZone(name)) return name;
  }
  const guess = typeof name === 'string' ? didYouMean(name, [...spellings().values()]) : '';
  const message = `${show(name)} is not the name of an IANA time zone${guess}`;
  throw new ConfigError([{ path: ['timezone'], message }]);
}

let known: ReadonlyMap<string, string> | undefined;

/** Zone names by their lower case. */
function spellings(): ReadonlyMap<string, string> {
  const names = () => [...UTC_NAMES, ...Intl.supportedValuesOf('timeZone')];
  return (known ??= new Map(names().map((name) => [name.toLowerCase(), name])));
}
