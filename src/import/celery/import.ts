import type { EntryConfig } from '../../generated/config-types.ts';
import { LiveSettings } from '../../leader/reload/live-settings.ts';
import { resolveSettings } from '../../config/resolve.ts';
import { BACKEND_CLEANUP } from '../../config/results/results.ts';
import { compose } from '../../entries/compose/compose.ts';
import { assemble } from '../assemble.ts';
import type { TimingOptions } from '../django/timing.ts';
import { type Found, type FoundEntry, type Left } from '../found.ts';
import { compareRuns } from './compare-messages.ts';
import { convertEntries, toEntry } from './entries.ts';
import type { Exported, ExportedEntry, Problem } from './exported.ts';
import { readKeySchema, type KeySchema, normalizeKeys } from '../../config/keys/key-schema.ts';
import { isMap } from '../../util/is-map.ts';
import { namedQueueSchema } from '../../config/routing/task-queues.ts';
import { routeForms } from '../../config/routing/task-routes.ts';

/** Converts what a Celery app exported, and lists every difference between the messages of Celery and beat. */
export function importApp(exported: Exported, options: TimingOptions): Found {
  const settings = withCanonicalRouting(exported.settings);
  const own = convertEntries(exported, settings, options);
  const entries = [...own.entries, ...importCleanup({ ...own, left: [] }, exported)];
  const { config } = assemble({ settings, entries, left: [] }, false);
  const isImported = (name: string) => Object.hasOwn(config.beatSchedule, name);
  return {
    settings,
    entries,
    left: [
      ...exported.problems.flatMap((problem) => toLeft(problem, isImported)),
      ...own.left,
      ...findDifferences(exported, resolveSettings(config)),
    ],
  };
}

function toLeft({ kind, what, instead, entries }: Problem, isImported: (name: string) => boolean): Left[] {
  const reason = `${what}; ${instead}`;
  if (entries.length === 0) return [{ place: 'app', reason, kind }];
  const names = kind === 'missing' ? entries : entries.filter(isImported);
  return names.length === 0 ? [] : [{ place: formatPlace(names), reason, kind }];
}

/** The cleanup entry, if beat would not add it or its message would differ from Celery's. */
function importCleanup(found: Found, exported: Exported): readonly FoundEntry[] {
  const settings = resolveSettings(assemble(found, false).config);
  const byCelery = exported.entries.find((entry) => entry.installed);
  const byBeat = settings.installed.includes(BACKEND_CLEANUP);
  if (byCelery?.messages.length) {
    const isEqual = comparer(settings)(byCelery).length === 0;
    return byBeat && isEqual && byCelery.entry['enabled'] !== false ? [] : [toEntry(byCelery)];
  }
  // Celery fails to publish an entry without a message.
  if (byCelery || !byBeat) return [];
  const fields: EntryConfig = {
    description: 'The result backend deletes expired results itself.',
    task: BACKEND_CLEANUP,
    schedule: { crontab: { minute: 0, hour: 4 } },
    enabled: false,
  };
  return [{ name: BACKEND_CLEANUP, place: `entry ${BACKEND_CLEANUP}`, fields }];
}

/** Lists differences between the messages of Celery and beat, one line for each kind. */
function findDifferences({ entries }: Exported, settings: Settings): readonly Left[] {
  const compare = comparer(settings);
  const found = entries.flatMap((entry) => compare(entry).map((reason) => ({ reason, name: entry.name })));
  return [...Map.groupBy(found, ({ reason }) => reason)].map(([reason, each]) => {
    return { kind: 'different', place: formatPlace(each.map(({ name }) => name)), reason };
  });
}

type Settings = ReturnType<typeof resolveSettings>;

/** Compares the messages of an entry; no lines if Celery or beat does not send it. */
function comparer(settings: Settings): (entry: ExportedEntry) => readonly string[] {
  const { messageContext } = new LiveSettings(settings, { origin: 'beat', replyTo: 'beat' });
  const resolved = new Map(settings.entries.map((entry) => [entry.name, entry]));
  return ({ name, messages }) => {
    const entry = resolved.get(name);
    const [first] = messages;
    if (!entry || !first) return [];
    return compareRuns(messages, compose({ entry, dueAt: first.at }, first.at, messageContext).messages);
  };
}

function formatPlace(names: readonly string[]): string {
  return names.length === 1 ? `entry ${names[0]}` : `entries ${names.join(', ')}`;
}

const QUEUE = readKeySchema(namedQueueSchema)!;
const ROUTE = readKeySchema(routeForms)!;

/** Converts lists of queues and routes to beat's spelling; other settings are normalized later. */
function withCanonicalRouting(settings: Found['settings']): Found['settings'] {
  const { task_queues: queues, task_routes: routes } = settings;
  return {
    ...settings,
    ...(Array.isArray(queues) && { task_queues: queues.map((row) => canonical(row, QUEUE)) }),
    ...(Array.isArray(routes) && { task_routes: routes.map(canonicalTable) }),
  };
}

/** A table of routes is a map, or a list of pairs. */
function canonicalTable(table: unknown): unknown {
  if (isMap(table)) return Object.fromEntries(canonicalTable(Object.entries(table)) as [string, unknown][]);
  if (!Array.isArray(table)) return table;
  return table.map(([key, target]: [unknown, unknown]) => [key, canonical(target, ROUTE)]);
}

function canonical(value: unknown, schema: KeySchema): unknown {
  return normalizeKeys(value, schema, [], () => {});
}
