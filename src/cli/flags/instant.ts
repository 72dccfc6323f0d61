import { INSTANT_FORMS, parseInstant } from '../../message/parse-instant.ts';
import { ConfigError } from '../../util/errors.ts';

/** Reads an instant of a flag, in epoch milliseconds. Throws a `ConfigError` for one without an offset or `Z`. */
export function readInstant(flag: string, text: string): number {
  // Without an offset an instant would depend on the zone of the reader.
  const at = /(?:Z|[+-]\d\d:?\d\d)$/i.test(text) ? parseInstant(text, 'UTC') : null;
  if (at !== null) return at;
  throw new ConfigError(`${flag}: expected ${INSTANT_FORMS} (with Z or an offset), got "${text}"`);
}
