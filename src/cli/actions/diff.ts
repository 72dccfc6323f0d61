import type { ConfigurationDiff } from '../../read-models/configuration/shapes.ts';
import type { Entry } from '../../entries/catalog/entry.ts';
import { formatIso } from '../../util/format-iso.ts';
import { HIDDEN_TEXT, isSecret } from '../../util/expected.ts';
import type { Schedule } from '../../schedule/schedule.ts';
import { maskText } from '../../util/mask.ts';
import { thousands } from '../../util/thousands.ts';
import { truncate } from '../../util/visible.ts';
import {
  compareConfigurations,
  MAX_COMPARED,
  type Differences,
  type EditedEntry,
  type FieldChange,
} from '../../entries/planning/compare-configurations.ts';
import { formatInZone } from '../../schedule/zone/format-in-zone.ts';
import type { Settings } from '../../config/settings.ts';
import { systemClock } from '../../util/system-clock.ts';
import { ConfigError, describeError } from '../../util/errors.ts';
import { EXIT, ExitError, type ExitCode } from '../exit.ts';
import { readSettings, readWhole, type GlobalFlags, type JsonFlags } from '../flags/options.ts';
import { formatCell, writeError, writeJson, writeLines } from '../output/lines.ts';

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
  if (flags.json) await writeJson(viewDifferences(differences));
  else await writeLines(formatDifferences(differences, current.timezone));
  if (withFunctions.length > 0) writeError(`beat: functions are not compared: ${withFunctions.join(', ')}`);
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

/** The most instants shown for an entry. */
const SHOWN = 3;

/** The most characters shown of a value. */
const MAX_VALUE = 200;

/** Formats differences: entries, then their occurrences. Instants are in the entry's zone, else in `zone`. */
function formatDifferences(differences: Differences, zone: string): readonly string[] {
  const { added, removed, edited, occurrences, period } = differences;
  if (added.length + removed.length + edited.length === 0) return ['no differences'];
  const lines = [
    ...added.map((entry) => `+ ${formatEntry(entry)}`),
    ...removed.map((entry) => `- ${formatEntry(entry)}`),
    ...edited.flatMap((entry) => [`~ ${formatCell(entry.after.name)}`, ...formatFields(entry)]),
    '',
  ];
  const hours = (period.until - period.after) / 3_600_000;
  if (occurrences.length === 0) return [...lines, `Next ${hours} hours: the same runs`];
  const zones = new Map(
    [...removed, ...added, ...edited.map(({ after }) => after)].map(({ name, schedule }) => [name, schedule.timezone]),
  );
  const table = occurrences.flatMap(({ entry, appear, disappear, isPartial }) => {
    const place = zones.get(entry) ?? zone;
    const partial = isPartial ? ` (of the first ${thousands(MAX_COMPARED)})` : '';
    return [...formatInstants('+', appear, place), ...formatInstants('-', disappear, place)].map(
      (line) => `  ${formatCell(entry)}: ${line}${partial}`,
    );
  });
  return [...lines, `Next ${hours} hours:`, ...table];
}

function viewDifferences(differences: Differences): ConfigurationDiff {
  const { added, removed, edited, occurrences, period, withFunctions } = differences;
  const summary = ({ name, task, schedule: { spec, description = spec } }: Entry) => ({
    entry: name,
    task,
    schedule: description,
    spec,
  });
  const instants = (all: readonly number[]) => ({ count: all.length, first: all.slice(0, SHOWN).map(formatIso) });
  return {
    added: added.map(summary),
    removed: removed.map(summary),
    edited: edited.map(({ after, fields }) => ({
      entry: after.name,
      fields: fields.map(({ path, before, after: value }) => ({
        field: path.join('.'),
        before: mask(path, before),
        after: mask(path, value),
      })),
    })),
    after: formatIso(period.after),
    until: formatIso(period.until),
    occurrences: occurrences.map(({ entry, appear, disappear, isPartial }) => ({
      entry,
      appear: instants(appear),
      disappear: instants(disappear),
      partial: isPartial,
    })),
    notCompared: withFunctions,
  };
}

function formatEntry({ name, task, schedule, enabled }: Entry): string {
  return `${formatCell(name)}: ${formatCell(task)}, ${formatSchedule(schedule)}${enabled ? '' : ', disabled'}`;
}

function formatFields({ before, after, fields }: EditedEntry): string[] {
  return fields.map((field) => {
    const [old, current] =
      field.path[0] === 'schedule'
        ? formatBothSchedules(before.schedule, after.schedule)
        : [field.before, field.after].map((value) => formatValue(field, value));
    return `    ${field.path.join('.')}: ${old} → ${current}`;
  });
}

/** Describes both schedules in words, or by their specs if the words are equal. */
function formatBothSchedules(before: Schedule, after: Schedule): readonly string[] {
  const words = [before, after].map(formatSchedule);
  return words[0] === words[1] ? [before.spec, after.spec] : words;
}

function formatSchedule({ spec, description = spec, timezone }: Schedule): string {
  return timezone === undefined ? description : `${description} (${timezone})`;
}

function formatValue({ path }: FieldChange, value: unknown): string {
  if (value === undefined) return 'none';
  return truncate(JSON.stringify(mask(path, value)), MAX_VALUE);
}

/** Hides values of keys that name secrets, and passwords in URLs. */
function mask(path: readonly string[], value: unknown): unknown {
  if (value === undefined) return undefined;
  if (isSecret(path)) return HIDDEN_TEXT;
  if (typeof value === 'function') return 'a function';
  const text = JSON.stringify(value, (key, inner: unknown) => {
    if (isSecret([key])) return HIDDEN_TEXT;
    if (typeof inner === 'bigint') return String(inner);
    return typeof inner === 'string' ? maskText(inner) : inner;
  });
  return JSON.parse(text) as unknown;
}

function formatInstants(sign: '+' | '-', all: readonly number[], zone: string): string[] {
  if (all.length === 0) return [];
  const first = all.slice(0, SHOWN).map((at) => formatInZone(at, zone));
  return [`${sign}${thousands(all.length)}: ${first.join(', ')}${all.length > SHOWN ? ', …' : ''}`];
}
