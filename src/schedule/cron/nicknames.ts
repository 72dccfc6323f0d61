import { ConfigError } from '../../util/errors.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { parseDurationText } from '../duration-text.ts';
import { quote } from '../quote.ts';

/** The cron expression of each nickname. */
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

/** Returns the expression of a nickname, or the milliseconds of `@every 5m`. Throws a `ConfigError`. */
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
    `${quote(text)} has an invalid duration; write numbers with units after @every, such as ` +
      '90s, 5m, 1h30m, 2d or 1w',
  );
}

function unknown(text: string, name: string): string {
  const shown = quote(text);
  if (name === '@reboot') {
    return `${shown} is not supported: beat schedules instants, and a start of the host or of beat is not one`;
  }
  if (name === '@every') return `${shown} has no duration; write "@every 5m"`;
  const names = [...Object.keys(NICKNAMES), '@every 5m'];
  return `${shown} is not a known nickname${didYouMean(text, names) || `; allowed: ${names.join(', ')}`}`;
}
