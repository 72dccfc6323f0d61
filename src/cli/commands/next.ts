import { DateTime } from 'luxon';
import { errorAt } from '../../util/diagnostic.ts';
import { systemClock } from '../../util/clock.ts';
import type { Settings } from '../../config/settings.ts';
import type { Entry, Occurrence } from '../../catalog/entry.ts';
import { ConfigError } from '../../util/errors.ts';
import { nearest } from '../../util/did-you-mean.ts';
import { upcoming } from '../../scheduling/preview.ts';
import { checkZone } from '../../schedule/zone-names.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { settingsOf, type GlobalFlags } from '../flags/options.ts';
import { inZone } from '../output/table.ts';

interface NextFlags extends GlobalFlags {
  readonly count: string;
  readonly after?: string;
  readonly timezone?: string;
  readonly json?: boolean;
}

/** `beat next`: the coming occurrences, by the configuration alone. Intervals count from `--after`. */
export async function next(names: readonly string[], flags: NextFlags): Promise<ExitCode> {
  const count = countOf(flags.count);
  const zone = zoneOf(flags.timezone);
  const settings = await settingsOf(flags);
  const after = instantOf(flags.after, zone ?? settings.timezone);
  for (const { entry, dueAt } of upcoming(chosen(settings, names), after, count)) {
    if (!process.stdout.writable) break;
    process.stdout.write(
      flags.json
        ? `${JSON.stringify({ entry: entry.name, dueAt: new Date(dueAt).toISOString() })}\n`
        : `${line({ entry, dueAt }, zone ?? entry.schedule.timezone ?? settings.timezone)}\n`,
    );
  }
  return EXIT.ok;
}

function line({ entry, dueAt }: Occurrence, zone: string): string {
  return `${inZone(dueAt, zone)}  ${entry.name}`;
}

function chosen({ entries }: Settings, names: readonly string[]): readonly Entry[] {
  if (names.length === 0) return entries.filter((entry) => entry.enabled);
  const all = entries.map((entry) => entry.name);
  const unknown = names.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    throw new ConfigError(
      unknown.map((name) => {
        const hint = nearest(name, all);
        return errorAt([], `no entry "${name}"${hint ? `, did you mean "${hint}"?` : ''}`);
      }),
    );
  }
  return entries.filter((entry) => names.includes(entry.name));
}

function countOf(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0 && count <= 100_000) return count;
  throw new ConfigError(`-n takes a whole number from 1 to 100000, not "${text}"`);
}

function zoneOf(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  try {
    return checkZone(name);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(error.errors.map(({ message }) => `--timezone: ${message}`).join('\n'));
  }
}

function instantOf(text: string | undefined, zone: string): number {
  if (text === undefined) return systemClock.now();
  const instant = DateTime.fromISO(text, { zone });
  if (instant.isValid) return instant.toMillis();
  throw new ConfigError(`--after takes an ISO 8601 instant like 2027-01-31T08:00, not "${text}"`);
}
