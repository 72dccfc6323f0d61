import { DateTime } from 'luxon';
import type { NextOccurrence } from '../../read-models/status/shapes.ts';
import { formatIso } from '../../util/format-iso.ts';
import { errorAt } from '../../util/diagnostic.ts';
import { systemClock } from '../../util/system-clock.ts';
import type { Settings } from '../../config/settings.ts';
import type { Entry } from '../../entries/catalog/entry.ts';
import { ConfigError, withErrors } from '../../util/errors.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { upcoming } from '../../entries/planning/next-due.ts';
import { quote } from '../../schedule/text.ts';
import { checkZone } from '../../schedule/zone/zone-names.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { readSettings, readWhole, type JsonFlags } from '../flags/options.ts';
import { formatInZone } from '../../schedule/zone/format-in-zone.ts';
import { formatCell, writeJson, writeLine } from '../output/lines.ts';

interface NextFlags extends JsonFlags {
  readonly count: string;
  readonly after?: string;
  readonly timezone?: string;
}

/** `beat next`: prints upcoming occurrences, computed from the configuration alone. Intervals start at `--after`. */
export async function next(flags: NextFlags, ...names: string[]): Promise<ExitCode> {
  const count = readWhole('-n', flags.count, 100_000);
  const zone = parseZone(flags.timezone);
  const settings = await readSettings(flags);
  const after = parseInstant(flags.after, zone ?? settings.timezone);
  for (const { entry, dueAt } of upcoming(selectEntries(settings, names), after, count)) {
    const { name, schedule } = entry;
    const place = zone ?? schedule.timezone ?? settings.timezone;
    const isWritten = await (flags.json
      ? writeJson({ entry: name, dueAt: formatIso(dueAt) } satisfies NextOccurrence)
      : writeLine(`${formatInZone(dueAt, place)}  ${formatCell(name)}`));
    if (!isWritten) break;
  }
  return EXIT.ok;
}

function selectEntries({ entries }: Settings, names: readonly string[]): readonly Entry[] {
  if (names.length === 0) return entries.filter((entry) => entry.enabled);
  const all = entries.map((entry) => entry.name);
  const unknown = names.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    throw new ConfigError(unknown.map((name) => errorAt([], `no entry ${quote(name)}${didYouMean(name, all)}`)));
  }
  return entries.filter((entry) => names.includes(entry.name));
}

function parseZone(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  return withErrors(
    () => checkZone(name),
    ({ message }) => errorAt([], `--timezone: ${message}`),
  );
}

function parseInstant(text: string | undefined, zone: string): number {
  if (text === undefined) return systemClock.now();
  const instant = DateTime.fromISO(text, { zone });
  if (instant.isValid) return instant.toMillis();
  throw new ConfigError(`--after: expected an ISO 8601 instant such as 2027-01-31T08:00, got "${text}"`);
}
