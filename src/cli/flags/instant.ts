import { EXACT_INSTANT_FORMS, parseExactInstant } from '../../celery/message/parse-instant.ts';
import { ConfigError } from '../../util/errors.ts';

/** Reads an instant of a flag, in epoch milliseconds. Throws a `ConfigError` for one without an offset or `Z`. */
export function readInstant(flag: string, text: string): number {
  const at = parseExactInstant(text);
  if (at !== null) return at;
  throw new ConfigError(`${flag}: expected ${EXACT_INSTANT_FORMS}, got "${text}"`);
}
