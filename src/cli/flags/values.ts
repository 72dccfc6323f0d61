import { EXACT_INSTANT_FORMS, parseExactInstant } from '../../celery/message/parse-instant.ts';
import { ConfigError } from '../../util/errors.ts';

/** Parses a flag's instant into epoch milliseconds. Throws a `ConfigError` for an instant without an offset or `Z`. */
export function readInstant(flag: string, text: string): number {
  const at = parseExactInstant(text);
  if (at !== null) return at;
  throw new ConfigError(`${flag}: expected ${EXACT_INSTANT_FORMS}, got "${text}"`);
}

/** Reads a whole number from 1 to `most`. Throws a `ConfigError`. */
export function readWhole(flag: string, text: string, most: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0 && number <= most) return number;
  const limit = most.toLocaleString('en');
  throw new ConfigError(`${flag}: expected a whole number from 1 to ${limit}, got "${text}"`);
}
