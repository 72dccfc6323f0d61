import type { EntryConfig } from '../../config/config-types.ts';
import { LiveSettings } from '../../config/live-settings.ts';
import { resolveSettings } from '../../config/resolve.ts';
import { BACKEND_CLEANUP } from '../../config/results/backend-cleanup.ts';
import { compose } from '../../compose/compose.ts';
import { assemble } from '../assemble.ts';
import type { Found, FoundEntry, Left } from '../found.ts';
import { compareMessages } from './compare-messages.ts';
import { escapeTemplates } from '../escape-templates.ts';
import type { Exported, ExportedEntry, Problem } from './exported.ts';
import { withCanonicalRouting } from './routing.ts';

/**
 * Converts what a Celery app exported. The message that beat would publish for each entry is compared with the one
 * that Celery made for the export, and every difference is listed.
 */
export function importApp(exported: Exported): Found {
  const settings = withCanonicalRouting(exported.settings);
  const own = exported.entries.filter(({ installed }) => !installed).map(toEntry);
  const entries = [...own, ...cleanup({ settings, entries: own, left: [] }, exported)];
  const { config } = assemble({ settings, entries, left: [] }, false);
  const isImported = (name: string) => Object.hasOwn(config.beatSchedule, name);
  return {
    settings,
    entries,
    left: [
      ...exported.problems.flatMap((problem) => toLeft(problem, isImported)),
      ...findDifferences(exported, resolveSettings(config)),
    ],
  };
}

function toEntry({ name, entry, last_run_at: lastRunAt, upcoming }: ExportedEntry): FoundEntry {
  const instants = upcoming?.map((text) => (text === null ? null : new Date(text)));
  return {
    name,
    place: `entry ${name}`,
    fields: escapeTemplates(entry) as EntryConfig,
    lastRunAt: lastRunAt === undefined ? undefined : Date.parse(lastRunAt),
    upcoming: instants && ((_after, count) => instants.slice(0, count)),
  };
}

function toLeft(
  { kind, what, instead, entries }: Problem,
  isImported: (name: string) => boolean,
): Left[] {
  const reason = `${what}; ${instead}`;
  if (entries.length === 0) return [{ place: 'app', reason, kind }];
  const names = kind === 'missing' ? entries : entries.filter(isImported);
  const [first] = names;
  if (first === undefined) return [];
  const place = names.length === 1 ? `entry ${first}` : `entries ${names.join(', ')}`;
  return [{ place, reason, kind }];
}

/** The entry that deletes expired results, where beat would not decide about it as Celery does. */
function cleanup(found: Found, { entries }: Exported): readonly FoundEntry[] {
  const { installed } = resolveSettings(assemble(found, false).config);
  const byCelery = entries.find((entry) => entry.installed);
  const byBeat = installed.includes(BACKEND_CLEANUP);
  if (byCelery && !byBeat) return [toEntry(byCelery)];
  if (byCelery || !byBeat) return [];
  const fields: EntryConfig = {
    description: 'The result backend deletes expired results itself.',
    task: BACKEND_CLEANUP,
    schedule: { crontab: { minute: 0, hour: 4 } },
    enabled: false,
  };
  return [{ name: BACKEND_CLEANUP, place: `entry ${BACKEND_CLEANUP}`, fields }];
}

/** The entries whose messages beat would publish with another content, or to another place. */
function findDifferences(
  { entries }: Exported,
  settings: ReturnType<typeof resolveSettings>,
): readonly Left[] {
  const { messageContext } = new LiveSettings(settings, { origin: 'beat', replyTo: 'beat' });
  const resolved = new Map(settings.entries.map((entry) => [entry.name, entry]));
  return entries.flatMap(({ name, message }) => {
    const entry = resolved.get(name);
    if (!entry || !message) return [];
    const [sent] = compose({ entry, dueAt: message.at }, message.at, messageContext).messages;
    return compareMessages(message, sent!).map((reason): Left => ({
      place: `entry ${name}`,
      reason,
      kind: 'different',
    }));
  });
}
