import type { Settings } from '../../config/settings.ts';
import { upcoming } from '../../entries/planning/next-due.ts';
import { formatIso } from '../../util/format-iso.ts';
import { VERSION } from '../../util/version.ts';
import { escapeLine } from '../../util/visible.ts';
import { formatInZone } from '../../schedule/zone/format-in-zone.ts';
import { formatCell } from './lines.ts';

const MAX_NEXT = 5;

/** What beat prints at start, without passwords. The next instants of intervals count from now, not the ledger. */
export function createBanner(settings: Settings, now: number) {
  const { broker, state, entries, timezone, lock, locks, keyPrefix } = settings;
  const servers = locks.map(({ masked }) => masked).join(', ');
  const enabled = entries.filter((entry) => entry.enabled);
  const next = [...upcoming(enabled, now, MAX_NEXT)].slice(0, MAX_NEXT);
  return {
    version: VERSION,
    broker: broker.masked,
    state: state.url === broker.url ? undefined : formatState(settings),
    scheduler: formatScheduler(settings),
    timezone,
    lock: `${keyPrefix}:lock, ${lock.ttl / 1000} s${locks.length === 0 ? '' : `, on a majority of ${servers}`}`,
    next: next.map(({ entry, dueAt }) => ({
      entry: entry.name,
      dueAt: formatIso(dueAt),
      zone: entry.schedule.timezone ?? timezone,
    })),
  };
}

/** Counts the user's entries, and names the entries that beat adds as Celery does. */
function formatScheduler({ entries, installed, files }: Settings): string {
  const own = entries.filter(({ name }) => !installed.includes(name));
  const enabled = own.filter((entry) => entry.enabled).length;
  const added = installed.map((name) => `, and ${name} as in Celery`).join('');
  return `${enabled} of ${own.length} entries enabled, from ${files.join(', ')}${added}`;
}

/** Names the store of lock and ledger. Warns about a local file under a network broker: a beat on another host would lead as well. */
function formatState({ broker, state }: Settings): string {
  const isLocal = state.driver?.shared !== true && broker.driver?.shared === true;
  return `${state.masked}${isLocal ? ' (only beats on this host exclude one another)' : ''}`;
}

/** Formats the banner in the layout of `celery beat`. */
export function formatBanner(banner: ReturnType<typeof createBanner>): string {
  const { version, broker, state, scheduler, timezone, lock, next } = banner;
  const lines = [
    `beat v${version} is starting.`,
    `  . broker    -> ${broker}`,
    ...(state === undefined ? [] : [`  . state     -> ${state}`]),
    `  . scheduler -> ${scheduler}`,
    `  . timezone  -> ${timezone}`,
    `  . lock      -> ${lock}`,
  ];
  next.forEach(({ entry, dueAt, zone }, i) => {
    const label = i === 0 ? '. next      ->' : ' '.repeat(14);
    lines.push(`  ${label} ${formatInZone(Date.parse(dueAt), zone)}  ${formatCell(entry)}`);
  });
  if (next.length === 0) lines.push('  . next      -> none: no enabled entry will be due');
  return lines.map(escapeLine).join('\n');
}
