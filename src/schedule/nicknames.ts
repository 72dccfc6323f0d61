import { ConfigError } from '../util/errors.ts';
import { didYouMean } from '../util/did-you-mean.ts';
import { parseDurationText } from './duration-text.ts';
import { show } from './show.ts';

/** The five fields that a nickname stands for; two have seconds as well. */
const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@weekdays': '0 0 * * 1-5',
  '@weekends': '0 0 * * 0,6',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@noon': '0 12 * * *',
  '@hourly': '0 * * * *',
  '@minutely': '* * * * *',
  '@every_minute': '* * * * *',
  '@secondly': '* * * * * *',
  '@every_second': '* * * * * *',
};

/** The fields of a nickname, or the milliseconds of `@every 5m`. A `ConfigError` for an unknown one. */
export function readNickname(text: string): string | number {
  const name = text.toLowerCase();
  const [, length] = /^@every\s+(.*)$/.exec(name) ?? [];
  if (length !== undefined) return readEvery(text, length);
  const known = Object.hasOwn(NICKNAMES, name) ? NICKNAMES[name] : undefined;
  if (known === undefined) throw new ConfigError(unknown(text, name));
  return known;
}

function readEvery(text: string, length: string): number {
  const every = parseDurationText(length);
  if (every !== null) return every;
  throw new ConfigError(
    `${show(text)} names no duration: after @every stand numbers with their units, such as ` +
      '90s, 5m, 1h30m, 2d or 1w',
  );
}

function unknown(text: string, name: string): string {
  const shown = show(text);
  if (name === '@reboot') {
    return `${shown} names no time: beat sends tasks at instants, and a start of the host or of beat is none`;
  }
  if (name === '@every') return `${shown} lacks its duration: write "@every 5m"`;
  const names = [...Object.keys(NICKNAMES), '@every 5m'];
  return `${shown} is not known to cron${didYouMean(text, names) || `; there are ${names.join(', ')}`}`;
}
