// Dates and times as Python's `isoformat()` and `repr()` write them, to the microsecond: JavaScript's own
// and luxon's stop at milliseconds.

/** Hour, minute, second, microsecond, and minutes east of UTC: `null` for a naive time. */
interface Time {
  readonly parts: readonly [number, number, number, number];
  readonly offset: number | null;
}

type Day = readonly [year: number, month: number, day: number];

/** `2020-01-02`; `null` for a text that is not a day of Python's calendar, which begins in the year 1. */
export function pythonDate(text: string): string | null {
  return parseDay(text) && text;
}

/** `12:30:00.000500+02:00`, from a text that may leave out seconds, fraction and offset. */
export function pythonTime(text: string): string | null {
  const time = parseTime(text);
  return time && timeText(time);
}

/** `2020-01-02T12:30:00+00:00`, from a text that may leave out all but the date. */
export function pythonDatetime(text: string): string | null {
  const [day, time] = parseDatetime(text);
  return day && time && `${text.slice(0, 10)}T${timeText(time)}`;
}

/** Python's `repr` of a text that `pythonDate` made, and so on below. */
export function dateRepr(text: string): string {
  return `datetime.date(${parseDay(text)!.join(', ')})`;
}

export function timeRepr(text: string): string {
  const time = parseTime(text)!;
  return `datetime.time(${timeReprs(time).join(', ')})`;
}

export function datetimeRepr(text: string): string {
  const [day, time] = parseDatetime(text);
  return `datetime.datetime(${[...day!, ...timeReprs(time!)].join(', ')})`;
}

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;
const TIME = /^(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?(Z|[+-]\d{2}:\d{2})?$/i;

function parseDatetime(text: string): readonly [Day | null, Time | null] {
  const time = text.length === 10 ? '00:00' : text.slice(11);
  return /^.{10}(?:[T ]|$)/i.test(text)
    ? [parseDay(text.slice(0, 10)), parseTime(time)]
    : [null, null];
}

function parseDay(text: string): Day | null {
  const [, year, month, day] = (DAY.exec(text) ?? []).map(Number);
  if (!year) return null;
  // What the calendar does not have, a Date carries over into the next month.
  const date = new Date(`${text.slice(0, 4)}-01-01T00:00:00Z`);
  date.setUTCMonth(month! - 1, day);
  return date.toISOString().startsWith(text) ? [year, month!, day!] : null;
}

function parseTime(text: string): Time | null {
  const [, hour, minute, second = '0', fraction = '', zone] = TIME.exec(text) ?? [];
  if (hour === undefined) return null;
  const [h, m, s] = [Number(hour), Number(minute), Number(second)];
  const offset = zone === undefined ? null : minutesOf(zone);
  const inRange = h < 24 && m < 60 && s < 60 && !Number.isNaN(offset);
  return inRange ? { parts: [h, m, s, Number(fraction.padEnd(6, '0'))], offset } : null;
}

/** NaN beyond a day, which Python rejects. */
function minutesOf(zone: string): number {
  if (zone.toUpperCase() === 'Z') return 0;
  const [hours, minutes] = zone.slice(1).split(':').map(Number);
  if (hours! > 23 || minutes! > 59) return NaN;
  return (zone.startsWith('-') ? -1 : 1) * (hours! * 60 + minutes!);
}

function timeText({ parts: [h, m, s, micros], offset }: Time): string {
  const fraction = micros === 0 ? '' : `.${String(micros).padStart(6, '0')}`;
  return `${two(h)}:${two(m)}:${two(s)}${fraction}${offset === null ? '' : formatOffset(offset)}`;
}

function formatOffset(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** Seconds and microseconds are left out at the end when they are zero. */
function timeReprs({ parts: [h, m, s, micros], offset }: Time): (number | string)[] {
  const fine = micros !== 0 ? [s, micros] : s !== 0 ? [s] : [];
  return [h, m, ...fine, ...(offset === null ? [] : [`tzinfo=${zoneRepr(offset)}`])];
}

function zoneRepr(offset: number): string {
  if (offset === 0) return 'datetime.timezone.utc';
  const seconds = offset * 60;
  const delta = seconds > 0 ? `seconds=${seconds}` : `days=-1, seconds=${86_400 + seconds}`;
  return `datetime.timezone(datetime.timedelta(${delta}))`;
}
