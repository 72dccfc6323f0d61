import { DAY, MAX_INSTANT, MINUTE, SECOND } from '../instants.ts';
import { isUtc } from './zone-names.ts';

/** A span of time with a constant UTC offset. All values are in milliseconds. */
interface Span {
  /** The first instant. The offset need not change here: long spans are split. */
  readonly start: number;
  /** The first instant after it. */
  readonly end: number;
  /** Local time minus UTC. */
  readonly offset: number;
  /** The latest local time shown before `start`; later than the local time at `start` after clocks go back. */
  readonly reached: number;
}

/**
 * The distance between two samples of the offset; a change between two samples is found by bisection. A span
 * shorter than STEP could be missed: the shortest span between 1970 and 2100 lasts a week minus an hour (Boa
 * Vista, Noronha and Recife in October 2000, Gaza and Hebron in 2040). Checked against luxon for every half day
 * of these years in every zone.
 */
const STEP = 6 * DAY;
/** Small, because a search for one day in each of 400 years loads 400 pages. */
const PAGE = 5 * STEP;
const QUARTER = 15 * MINUTE;

/** Beyond this instant a local time may exceed the range of `Date`. */
const MAX_SAMPLE = MAX_INSTANT - 2 * DAY;

/** A time zone as spans of constant offset, computed in pages on demand. */
export class Zone {
  readonly name: string;
  #offsetAt: OffsetAt | undefined;
  readonly #pages = new Map<number, readonly Span[]>();
  /** The last change found: the next one is likely at the same time of day. */
  #change = 0;
  #last: Span;

  /** Tests pass `offsetAt` to count its calls. */
  constructor(name: string, offsetAt?: OffsetAt) {
    this.name = name;
    this.#offsetAt = offsetAt;
    this.#last = isUtc(name) ? ALWAYS : NONE;
  }

  spanAt(instant: number): Span {
    if (instant >= this.#last.start && instant < this.#last.end) return this.#last;
    this.#last = this.#page(Math.floor(instant / PAGE)).find(({ end }) => instant < end)!;
    return this.#last;
  }

  #page(number: number): readonly Span[] {
    let page = this.#pages.get(number);
    if (page === undefined) this.#pages.set(number, (page = this.#spans(number * PAGE)));
    return page;
  }

  /** Starts one step early to compute `reached` of the first span. */
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
      // A loop, because one step may have two changes.
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

  /** The first second in `(same, changed]` with another offset: probably at the previous time of day, or a quarter. */
  #changeIn(same: number, changed: number, offset: number): number {
    let before = same;
    let after = changed;
    for (const [unit, phase] of [
      [DAY, this.#change],
      [QUARTER, 0],
      [SECOND, 0],
    ] as const) {
      // Multiples of the unit: the last one up to `before`, and the first one from `after`.
      let low = Math.floor((before - phase) / unit);
      let high = Math.ceil((after - phase) / unit);
      while (high - low > 1) {
        const middle = low + Math.floor((high - low) / 2);
        if (this.#offset(middle * unit + phase) === offset) low = middle;
        else high = middle;
      }
      before = Math.max(before, low * unit + phase);
      after = Math.min(after, high * unit + phase);
      if (this.#offset(after - SECOND) === offset) break;
    }
    this.#change = after;
    return after;
  }

  #offset(instant: number): number {
    // Zones of UTC never get here: the data of all zones would take 5 MB of memory.
    this.#offsetAt ??= offsetReader(this.name);
    return this.#offsetAt(Math.min(Math.max(instant, -MAX_SAMPLE), MAX_SAMPLE));
  }
}

const ALWAYS: Span = { start: -Infinity, end: Infinity, offset: 0, reached: -Infinity };
const NONE: Span = { start: Infinity, end: Infinity, offset: 0, reached: -Infinity };

const zones = new Map<string, Zone>();

/** Returns the shared zone of a name that `checkZone` returned. */
export function getZone(name: string): Zone {
  let zone = zones.get(name);
  if (zone === undefined) zones.set(name, (zone = new Zone(name)));
  return zone;
}

/** Returns the UTC offset at an instant (local time minus UTC) in milliseconds. */
type OffsetAt = (instant: number) => number;

/** Returns a function that reads offsets from Node's tz database, seven times as fast as luxon. */
export function offsetReader(timezone: string): OffsetAt {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    minute: 'numeric',
    timeZoneName: 'longOffset',
  });
  return (instant) => {
    const text = format.format(instant);
    const [, sign, hours, minutes, seconds] = /GMT([+-])(\d+):(\d+)(?::(\d+))?$/.exec(text) ?? NO_OFFSET;
    const offset = Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds ?? 0);
    return (sign === '-' ? -offset : offset) * SECOND;
  };
}

/** Some versions of ICU write an offset of zero as `GMT` alone. */
const NO_OFFSET = ['', '+', '0', '0', '0'];
