import type { Entry } from '../../entries/catalog/entry.ts';
import type { Steps } from '../../util/steps.ts';
import type { KeySchema } from '../keys/key-schema.ts';
import type { Merged } from '../merge.ts';
import {
  BACKEND_CLEANUP,
  CLEANUP_ENTRY,
  explainCleanup,
  needsCleanup,
} from '../results/backend-cleanup.ts';
import { RouteChecker } from '../routing/check-routes.ts';
import { ScheduleReader } from '../schedules/schedule-reader.ts';
import type { Settings } from '../settings.ts';
import { EntryDefinitions } from './definitions.ts';
import { readEntry, type EntryContext } from './read-entry.ts';
import { readMissed } from './missed.ts';

type Surroundings = Pick<Settings, 'queues' | 'routes' | 'broker' | 'encoding' | 'shell'> &
  Pick<
    EntryContext,
    | ('timezone' | 'readZone' | 'results' | 'outcomes')
    | ('calendars' | 'protocol' | 'checkAccepted' | 'state')
  >;

/** The entries of a configuration, and the entry that Celery's beat would install. */
export function* readEntries(
  merged: Merged,
  configKeys: KeySchema,
  settings: Surroundings,
): Steps<Pick<Settings, 'entries' | 'installed' | 'definitions'>> {
  const { queues, routes, broker, encoding } = settings;
  const keys = configKeys.inside.get('beatSchedule')!.each!;
  const context: EntryContext = {
    ...settings,
    ...readMissed(merged.settings),
    keys,
    serializer: encoding.serializer,
    schedules: new ScheduleReader(keys.inside.get('schedule'), settings.readZone),
    routes: new RouteChecker(queues, routes, broker, merged.reportFor('taskRoutes')),
  };
  const entries: Entry[] = [];
  for (const { name, input, part } of merged.entries) {
    const entry = readEntry(name, input, context, part);
    if (entry) entries.push(entry);
    yield;
  }
  const definitions = new EntryDefinitions(context, keys);
  // A user's own entry of this name wins, a disabled one too.
  const exists = merged.entries.some(({ name }) => name === BACKEND_CLEANUP);
  const inputs = merged.entries.map(({ input }) => input);
  if (exists || !needsCleanup(settings.results, inputs)) {
    return { entries, installed: [], definitions };
  }
  const report = explainCleanup(merged.reportFor('beatSchedule'));
  const reporters = { report, warn: merged.warnFor('beatSchedule') };
  const cleanup = readEntry(BACKEND_CLEANUP, CLEANUP_ENTRY, context, reporters);
  const all = cleanup ? [...entries, cleanup] : entries;
  return { entries: all, installed: [BACKEND_CLEANUP], definitions };
}
