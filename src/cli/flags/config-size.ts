import { ConfigError } from '../../util/errors.ts';

const UNITS: Readonly<Record<string, number>> = { '': 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** Parses `BEAT_MAX_CONFIG_SIZE` into bytes; `undefined` if it is not set. Throws a `ConfigError` if it is invalid. */
export function readMaxConfigSize(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const [, digits, unit = ''] = /^(\d{1,15}) ?([KMG]iB)?$/.exec(given) ?? [];
  if (digits !== undefined) return Number(digits) * UNITS[unit]!;
  throw new ConfigError(
    'BEAT_MAX_CONFIG_SIZE: expected a number of bytes, or of KiB, MiB or GiB, such as 64MiB, ' +
      `got ${JSON.stringify(given.slice(0, 60))}`,
  );
}
