import { ConfigError } from '../../util/errors.ts';
import { checkZone } from '../../schedule/zone-names.ts';
import type { Path, Report } from '../validate.ts';

/** The IANA zone of a name, in its right spelling; `undefined` after reporting that there is none. */
export type ReadZone = (name: string, path: Path, report: Report) => string | undefined;

/** Remembers names that were right: a hundred thousand entries ask for the same few. */
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
