import { checkZone } from '../../schedule/zone/zone-names.ts';
import { memoize } from '../../util/memoize.ts';
import { attempt, type Path, type Report } from '../validate.ts';
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

/** Caches valid names: a hundred thousand entries use the same few. */
const known = memoize<string>();

/** The IANA zone of a name, in its canonical spelling; `undefined` after an error was reported. */
export function readZone(name: string, path: Path, report: Report): string | undefined {
  const find = () => known(name, () => checkZone(name));
  return attempt(find, [], (_, message) => report(path, message));
}

export function readTimezone({ timezone, enableUtc }: ShapeOutput<typeof zoneShape>, report: Report): string {
  if (timezone !== undefined) return readZone(timezone, ['timezone'], report) ?? 'UTC';
  return enableUtc === false ? Intl.DateTimeFormat().resolvedOptions().timeZone : 'UTC';
}
