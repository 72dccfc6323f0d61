import { DAY, MAX_INSTANT, MINUTE, SECOND } from './instants.ts';
import { offsetReader, type OffsetAt } from './offset.ts';
import { isUtc } from './zone-names.ts';

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
 * The offset of a zone is read from the tz database that Node carries once every
 * STEP, and bisected where two answers differ. So a stretch shorter than STEP could be overlooked. The
 * shortest there is between 1970 and 2100 lasts a week less an hour: Boa Vista, Noronha and Recife in
 * October 2000, Gaza and Hebron in 2040. (Compared with luxon in every half day of these years, in every
 * zone, it differs nowhere.)
 */
const STEP = 6 * DAY;
/** Small, so that a search for one day in each of 400 years asks about little besides. */
const PAGE = 5 * STEP;
const QUARTER = 15 * MINUTE;

/** At the ends of time a local date is no `Date` any more, and has no offset. */
const LAST_ASKED = MAX_INSTANT - 2 * DAY;

/** A time zone as spans of constant offset, worked out page by page as they are asked for. */
export class Zone {
  readonly name: string;
  readonly #offsetAt: OffsetAt;
  readonly #pages = new Map<number, readonly Span[]>();
  /** The change that was found last: the next is likely at the same time of day. */
  #change = 0;
  #last: Span;

  /** `offsetAt` is for tests that count the questions. */
  constructor(name: string, offsetAt: OffsetAt = offsetReader(name)) {
    this.name = name;
    this.#offsetAt = offsetAt;
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

  /**
   * The first second in `(same, changed]` at which the offset is not `offset` any more. It looks first at
   * the time of day of the change before, then at quarters of an hour: seconds decide in old times only.
   */
  #changeIn(same: number, changed: number, offset: number): number {
    let before = same;
    let after = changed;
    for (const [unit, phase] of [
      [DAY, this.#change],
      [QUARTER, 0],
      [SECOND, 0],
    ] as const) {
      // Between two steps of the unit: the step that `before` lies in, and the one that reaches `after`.
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
    const held = Math.min(Math.max(instant, -LAST_ASKED), LAST_ASKED);
    return this.#offsetAt(held);
  }
}

const EVER: Span = { start: -Infinity, end: Infinity, offset: 0, reached: -Infinity };
const NEVER: Span = { start: Infinity, end: Infinity, offset: 0, reached: -Infinity };

const zones = new Map<string, Zone>();

/** The zone of a name that `checkZone` let pass; one object for each name. */
export function zoneNamed(name: string): Zone {
  let zone = zones.get(name);
  if (zone === undefined) zones.set(name, (zone = new Zone(name)));
  return zone;
}
