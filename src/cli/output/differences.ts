import type { Entry } from '../../entries/catalog/entry.ts';
import { formatIso } from '../../util/format-iso.ts';
import { HIDDEN_TEXT, isSecret } from '../../util/expected.ts';
import type { Schedule } from '../../schedule/schedule.ts';
import { maskText } from '../../util/mask.ts';
import { thousands } from '../../util/thousands.ts';
import { truncate } from '../../util/visible.ts';
import {
  MAX_COMPARED,
  type Differences,
  type EditedEntry,
  type FieldChange,
} from '../../entries/planning/compare-configurations.ts';
import { formatInZone } from '../../schedule/zone/format-in-zone.ts';
import { formatCell } from './lines.ts';

/** The most instants shown for an entry. */
const SHOWN = 3;

/** The most characters shown of a value. */
const MAX_VALUE = 200;

/**
 * Formats differences as lines of text: entries, then the differences of their occurrences. Instants are in the entry's
 * zone, else in `zone`.
 */
export function formatDifferences(differences: Differences, zone: string): readonly string[] {
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

/** Formats differences as JSON. Instants are in UTC. */
export function formatJson(differences: Differences): string {
  const { added, removed, edited, occurrences, period, withFunctions } = differences;
  const summary = ({ name, task, schedule }: Entry) => ({
    entry: name,
    task,
    schedule: schedule.description ?? schedule.spec,
    spec: schedule.spec,
  });
  const instants = (all: readonly number[]) => ({ count: all.length, first: all.slice(0, SHOWN).map(formatIso) });
  return JSON.stringify({
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
  });
}

function formatEntry({ name, task, schedule, enabled }: Entry): string {
  const disabled = enabled ? '' : ', disabled';
  return `${formatCell(name)}: ${formatCell(task)}, ${describe(schedule)}${disabled}`;
}

function formatFields({ before, after, fields }: EditedEntry): string[] {
  return fields.map((field) => {
    const [old, current] =
      field.path[0] === 'schedule'
        ? describeBoth(before.schedule, after.schedule)
        : [field.before, field.after].map((value) => formatValue(field, value));
    return `    ${field.path.join('.')}: ${old} → ${current}`;
  });
}

/** Describes both schedules in words, or by their specs if the words are equal. */
function describeBoth(before: Schedule, after: Schedule): readonly string[] {
  const words = [before, after].map(describe);
  return words[0] === words[1] ? [before.spec, after.spec] : words;
}

function describe({ spec, description = spec, timezone }: Schedule): string {
  return timezone === undefined ? description : `${description} (${timezone})`;
}

function formatValue({ path }: FieldChange, value: unknown): string {
  if (value === undefined) return 'none';
  const text = JSON.stringify(mask(path, value));
  return truncate(text, MAX_VALUE);
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
  const more = all.length > SHOWN ? ', …' : '';
  return [`${sign}${thousands(all.length)}: ${first.join(', ')}${more}`];
}
