import { errorAt, MAX_PROBLEMS, type Diagnostic } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import type { Schedule } from '../../schedule/schedule.ts';
import { solar, type SolarEvent } from '../../schedule/solar.ts';

const NAMES = ['event', 'latitude', 'longitude'] as const;
type Name = (typeof NAMES)[number];

/** Celery's argument names. */
const SHORT: Readonly<Record<string, Name>> = { lat: 'latitude', lon: 'longitude' };

/**
 * Parses the map `{event, latitude, longitude}`, also with `lat` and `lon`. Throws a `ConfigError` with all errors,
 * whose paths have the names that the user wrote.
 */
export function parseSolar(map: Readonly<Record<string, unknown>>): Schedule {
  const errors: Diagnostic[] = [];
  const given = new Map<Name, string>();
  for (const key of Object.keys(map).filter((key) => map[key] !== undefined)) {
    if (errors.length === MAX_PROBLEMS) break;
    const name = NAMES.find((name) => name === key || SHORT[key] === name);
    if (name === undefined) {
      const guess = didYouMean(key, NAMES) || `; allowed: ${NAMES.join(', ')}`;
      errors.push(errorAt([key], `is not a part of solar${guess}`));
    } else if (given.has(name)) {
      errors.push(errorAt([key], `is given twice: also as ${given.get(name)!}`));
    } else {
      given.set(name, key);
    }
  }
  const value = (name: Name) => map[given.get(name) ?? name];
  try {
    const schedule = solar(
      value('event') as SolarEvent,
      value('latitude') as number,
      value('longitude') as number,
    );
    if (errors.length === 0) return schedule;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const { path, message } of error.errors) {
      const name = path[0] as Name;
      errors.push(errorAt([given.get(name) ?? name], message));
    }
  }
  throw new ConfigError(errors);
}
