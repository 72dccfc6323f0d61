/** The five fields of a line as cron reads them. The code follows cron's own parser and does not use beat's. */
export interface CronLine {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  /** Sunday is 0. */
  readonly weekdays: ReadonlySet<number>;
  /** Both day fields must match, because one begins with `*`; otherwise one is enough. */
  readonly bothDays: boolean;
  /** The minute or the hour begins with `*`: cron does not catch up on the line when clocks change. */
  readonly wildcard: boolean;
}

interface Field {
  readonly low: number;
  readonly high: number;
  readonly names: readonly string[];
}

const FIELDS: readonly Field[] = [
  { low: 0, high: 59, names: [] },
  { low: 0, high: 23, names: [] },
  { low: 1, high: 31, names: [] },
  { low: 1, high: 12, names: 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ') },
  { low: 0, high: 7, names: 'sun mon tue wed thu fri sat'.split(' ') },
];

export const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** Reads five fields or a nickname; `null` unless cron accepts them. */
export function readCronLine(when: string): CronLine | null {
  const text = Object.hasOwn(NICKNAMES, when) ? NICKNAMES[when]! : when;
  const texts = text.split(' ');
  const fields = FIELDS.map((field, i) => readField(texts[i] ?? '', field));
  if (texts.length !== FIELDS.length || fields.includes(null)) return null;
  const [minutes, hours, days, months, weekdays] = fields as readonly (readonly number[])[];
  const begins = (i: number) => texts[i]!.startsWith('*');
  return {
    minutes: minutes!,
    hours: hours!,
    days: new Set(days),
    months: new Set(months),
    weekdays: new Set(weekdays!.map((day) => day % 7)),
    bothDays: begins(2) || begins(4),
    wildcard: begins(0) || begins(1),
  };
}

/** Whether Debian's cron accepts five fields or a nickname: it ignores what follows a field, as in `mon#2`. */
export function isAccepted(when: string): boolean {
  const fields = when.split(' ').map((field) => field.replace(/[^\w*,/-].*$/, ''));
  return [when, fields.join(' ')].some((text) => readCronLine(text) !== null);
}

/** The first range that runs backwards: Debian's cron never matches it, cronie rejects it. */
export function findBackwards(when: string): string | undefined {
  return when
    .split(' ')
    .flatMap((text, i) => text.split(',').map((part) => ({ part, field: FIELDS[i] })))
    .find(({ part, field }) => {
      const [, from, to] = /^(\w+)-(\w+)(?:\/|$)/.exec(part) ?? [];
      if (!field || from === undefined) return false;
      return readNumber(from, field) > readNumber(to!, field);
    })?.part;
}

/** The values in ascending order; `null` unless cron accepts the text. */
function readField(text: string, field: Field): readonly number[] | null {
  const isInside = (value: number) => value >= field.low && value <= field.high;
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [, star, from = '', to = from, step = '1'] = /^(?:(\*)|(\w+)(?:-(\w+))?)(?:\/(\d{1,9}))?$/.exec(part) ?? [];
    const first = star ? field.low : readNumber(from, field);
    const last = star ? field.high : readNumber(to, field);
    const isStepOfOne = step !== '1' && !star && !part.includes('-');
    if (!isInside(first) || !isInside(last) || Number(step) === 0 || isStepOfOne) return null;
    for (let value = first; value <= last; value += Number(step)) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}

/** The number or the value of a name; `NaN` for another text. */
function readNumber(text: string, { low, names }: Field): number {
  const index = names.indexOf(text.toLowerCase());
  if (index >= 0) return low + index;
  return /^\d{1,9}$/.test(text) ? Number(text) : NaN;
}
