import type Holidays from 'date-holidays';
import { DAY, HOUR } from '../../schedule/instants.ts';
import type { DaysOff } from '../../schedule/limits/time-sets.ts';
import { quote } from '../../schedule/text.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { ConfigError } from '../../util/errors.ts';
import { memoize } from '../../util/memoize.ts';
import { onDemand } from '../../util/on-demand.ts';

/** date-holidays has 45 MB, so it is not installed with beat. */
const load = onDemand((require) => {
  try {
    return require('date-holidays') as typeof Holidays;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    throw new ConfigError(NOT_INSTALLED);
  }
});

const NOT_INSTALLED = 'needs the package date-holidays, which is not installed; run: npm install date-holidays';

/** The holidays and weekend of an ISO 3166 code. Throws a `ConfigError` if it is unknown, or without date-holidays. */
export function daysOff(code: string): DaysOff {
  return known(code.toUpperCase(), () => {
    const [country, ...parts] = checkCode(code, new (load())());
    return {
      code: [country, ...parts].join('-').toUpperCase(),
      holidayAt: holidayFinder(country, parts),
      isWeekend: weekendOf(country),
    };
  });
}

const known = memoize<DaysOff>();

/** Returns country, state and region in the spelling of the package. */
function checkCode(code: string, all: Holidays): readonly [country: string, ...parts: string[]] {
  const [first = '', second, third, ...more] = code.trim().split('-');
  const country = findCode(first, all.getCountries('en'), 'country');
  if (second === undefined) return [country];
  const state = findCode(second, all.getStates(country, 'en'), `part of ${country}`);
  if (third === undefined) return [country, state];
  const region = findCode(third, all.getRegions(country, state, 'en'), `part of ${country}-${state.toUpperCase()}`);
  if (more.length > 0) throw new ConfigError(`${quote(code)} has more than three parts`);
  return [country, state, region];
}

/** `names` is absent for a country without parts, contrary to the types of the package. */
function findCode(text: string, names: Readonly<Record<string, string>> = {}, what: string): string {
  const codes = Object.keys(names);
  const found = codes.find((code) => code.toLowerCase() === text.toLowerCase());
  if (found !== undefined) return found;
  const named = codes.find((code) => names[code]!.toLowerCase() === text.toLowerCase());
  const meant = named ?? COMMON_MISTAKES[text.toUpperCase()];
  const hint =
    meant !== undefined && codes.includes(meant)
      ? `; did you mean "${meant}"?`
      : codes.length > MAX_LISTED
        ? didYouMean(text, codes) || '; expected an ISO 3166 code such as DE or US-CA'
        : `; ${codes.length === 0 ? 'it has no parts' : `allowed: ${codes.join(', ').toUpperCase()}`}`;
  throw new ConfigError(`${quote(text)} is not the code of a ${what}${hint}`);
}

const COMMON_MISTAKES: Readonly<Record<string, string>> = { UK: 'GB', EL: 'GR', USA: 'US' };

const MAX_LISTED = 60;

/** Finds the name of a holiday by its day, in days since 1970-01-01. */
function holidayFinder(country: string, parts: readonly string[]): DaysOff['holidayAt'] {
  const [state, region] = parts;
  const source = new (load())(country, state!, region!, { types: ['public'] });
  const years = new Map<number, ReadonlyMap<number, string>>();
  const inYear = (year: number) => {
    const found = years.get(year) ?? listDays(source.getHolidays(year, 'en'));
    years.set(year, found);
    return found;
  };
  return (day) => {
    const year = new Date(day * DAY).getUTCFullYear();
    // A holiday of several days may end in the next year.
    return inYear(year).get(day) ?? inYear(year - 1).get(day) ?? null;
  };
}

/** Half days are working days. */
const SHORTEST = 20 * HOUR;

function listDays(found: ReturnType<Holidays['getHolidays']>): ReadonlyMap<number, string> {
  const days = new Map<number, string>();
  for (const { date, start, end, name } of found) {
    const length = end.getTime() - start.getTime();
    if (length < SHORTEST) continue;
    const first = Date.parse(`${date.slice(0, 10)}T00:00:00Z`) / DAY;
    for (let i = 0; i < Math.round(length / DAY); i++) days.set(first + i, name);
  }
  return days;
}

/** Finds the weekend in ICU's data, such as Friday and Saturday in Egypt. */
function weekendOf(country: string): DaysOff['isWeekend'] {
  const locale = new Intl.Locale(`und-${country}`) as Intl.Locale & WithWeek;
  const { weekend } = locale.getWeekInfo?.() ?? locale.weekInfo ?? { weekend: [6, 7] };
  // Sunday is 7 in ICU's data.
  return (weekday) => weekend.includes(weekday === 0 ? 7 : weekday);
}

/** The week of a locale is a getter in Node 22 and a method since; TypeScript has neither. */
interface WithWeek {
  getWeekInfo?(): { readonly weekend: readonly number[] };
  readonly weekInfo?: { readonly weekend: readonly number[] };
}
