import { parseTyped, type TypedValue } from './typed.ts';

// Values of Python's that JavaScript lacks, for the arguments of tasks. A `Date` needs no builder (it is a
// datetime in UTC), nor has a `Uint8Array` (bytes). Each throws a `ConfigError` for a text of another form.

/** Python's `Decimal`, every digit as written: `decimal('1.50')`. */
export function decimal(text: string): TypedValue {
  return parseTyped('decimal', text);
}

/** Python's `UUID`: `uuid('c7bbb4a2-1e18-43b0-8eb9-d09113fc7155')`, with hyphens or without. */
export function uuid(text: string): TypedValue {
  return parseTyped('uuid', text);
}

/** Python's `date`: `date('2030-01-31')`. */
export function date(text: string): TypedValue {
  return parseTyped('date', text);
}

/** Python's `time`: `time('12:30:00')`, naive, or aware with an offset: `time('12:30:00.000001+02:00')`. */
export function time(text: string): TypedValue {
  return parseTyped('time', text);
}

/**
 * Python's `datetime` to the microsecond: `datetime('2030-01-31T12:30:00.000001+02:00')`. Without an offset
 * it is naive, which a `Date` cannot be; `Z` is UTC.
 */
export function datetime(text: string): TypedValue {
  return parseTyped('datetime', text);
}
