import { checkZone } from '../../schedule/zone/zone-names.ts';
import { ConfigError } from '../../util/errors.ts';
import type { Path, Report } from '../validate.ts';
import { option, type ShapeOutput } from './option.ts';

export const zoneShape = {
  timezone: option.nonEmpty('IANA name: the zone of every entry that names none.', {
    default: 'UTC',
    example: 'Europe/Oslo',
  }),
  enableUtc: option.flag("Celery's switch: `false` without a `timezone` means the zone of the host.", {
    default: true,
  }),
};

/** The IANA zone of a name, in its canonical spelling; `undefined` after an error was reported. */
export type ReadZone = (name: string, path: Path, report: Report) => string | undefined;

/** Caches valid names: a hundred thousand entries use the same few. */
export function zoneReader(): ReadZone {
  const known = new Map<string, string>();
  return (name, path, report) => {
    try {
      const zone = known.get(name) ?? checkZone(name);
      known.set(name, zone);
      return zone;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const { message } of error.errors) report(path, message);
      return undefined;
    }
  };
}

export function readTimezone(
  { timezone, enableUtc }: ShapeOutput<typeof zoneShape>,
  readZone: ReadZone,
  report: Report,
): string {
  if (timezone !== undefined) return readZone(timezone, ['timezone'], report) ?? 'UTC';
  return enableUtc === false ? Intl.DateTimeFormat().resolvedOptions().timeZone : 'UTC';
}
