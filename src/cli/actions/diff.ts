import type { Settings } from '../../config/settings.ts';
import { compareConfigurations } from '../../entries/planning/compare-configurations.ts';
import { systemClock } from '../../util/system-clock.ts';
import { ConfigError, describeError } from '../../util/errors.ts';
import { EXIT, ExitError, type ExitCode } from '../exit.ts';
import { readSettings, readWhole, type GlobalFlags, type JsonFlags } from '../flags/options.ts';
import { formatDifferences, formatJson } from '../output/differences.ts';
import { writeError, writeLines } from '../output/lines.ts';

interface DiffFlags extends JsonFlags {
  readonly hours: string;
}

/** `beat diff`: compares two configurations. Exits with 0 if they are equal, 1 if they differ, and 2 after an error, as diff does. */
export async function diff(flags: DiffFlags, before: string, after: string): Promise<ExitCode> {
  const hours = readWhole('--hours', flags.hours, 744);
  const [old, current] = await readBoth(before, after, flags);
  const now = systemClock.now();
  const period = { after: now, until: now + hours * HOUR };
  const differences = compareConfigurations(old.entries, current.entries, period);
  const { added, removed, edited, withFunctions } = differences;
  await writeLines(flags.json ? [formatJson(differences)] : formatDifferences(differences, current.timezone));
  if (withFunctions.length > 0) {
    writeError(`beat: functions are not compared: ${withFunctions.join(', ')}`);
  }
  return added.length + removed.length + edited.length === 0 ? EXIT.ok : EXIT.failure;
}

const HOUR = 3_600_000;

/** Reads both configurations. Throws one `ConfigError` with all errors. */
async function readBoth(before: string, after: string, flags: GlobalFlags): Promise<readonly [Settings, Settings]> {
  const read = (config: string) => readSettings({ ...flags, config });
  const results = await Promise.allSettled([read(before), read(after)]);
  const errors = results.flatMap((result) => {
    if (result.status === 'fulfilled') return [];
    const { reason } = result as { reason: unknown };
    if (reason instanceof ConfigError) return reason.errors;
    // Exit code 1 would mean that the configurations differ.
    throw new ExitError(`beat diff: ${describeError(reason)}`, EXIT.usage);
  });
  if (errors.length > 0) throw new ConfigError(errors);
  return results.map((result) => (result as PromiseFulfilledResult<Settings>).value) as [Settings, Settings];
}
