import { maskUrl } from '../../util/mask.ts';
import type { Settings } from '../../config/settings.ts';
import { findDriver } from '../../drivers/table.ts';
import { upcoming } from '../../scheduling/preview.ts';
import { inZone } from './table.ts';

/** What a start tells: enough to see that it is the right configuration, and no password. */
export interface Banner {
  readonly version: string;
  readonly broker: string;
  /** Where lock and ledger are, if not in the broker; and who is excluded, if that is not everybody. */
  readonly state?: string;
  readonly scheduler: string;
  readonly timezone: string;
  readonly lock: string;
  /** The next five occurrences; intervals count from now here, from the ledger once it leads. */
  readonly next: readonly {
    readonly entry: string;
    readonly dueAt: string;
    readonly zone: string;
  }[];
}

const COMING = 5;

export function bannerOf(settings: Settings, version: string, now: number): Banner {
  const { brokerUrl, stateUrl, entries, timezone, lock, keyPrefix } = settings;
  const enabled = entries.filter((entry) => entry.enabled);
  const next = [...upcoming(enabled, now, COMING)].slice(0, COMING);
  return {
    version,
    broker: maskUrl(brokerUrl),
    ...(stateUrl !== brokerUrl && { state: stateText(settings) }),
    scheduler: schedulerText(settings),
    timezone,
    lock: `${keyPrefix}:lock, ${lock.ttl / 1000} s${serversText(settings)}`,
    next: next.map(({ entry, dueAt }) => ({
      entry: entry.name,
      dueAt: new Date(dueAt).toISOString(),
      zone: entry.schedule.timezone ?? timezone,
    })),
  };
}

/** What the user wrote is counted; what Celery's beat would install besides is named. */
function schedulerText({ entries, installed, files }: Settings): string {
  const written = entries.filter(({ name }) => !installed.includes(name));
  const enabled = written.filter((entry) => entry.enabled).length;
  const besides = installed.map((name) => `, and ${name} as in Celery`).join('');
  return `${enabled} of ${written.length} entries enabled, from ${files.join(', ')}${besides}`;
}

/** A file is seen by one host, a broker in the network by all: elsewhere a second beat would lead as well. */
function stateText({ brokerUrl, stateUrl }: Settings): string {
  const here = findDriver(stateUrl)?.shared === false && findDriver(brokerUrl)?.shared === true;
  return `${maskUrl(stateUrl)}${here ? ' (only beats on this host exclude one another)' : ''}`;
}

function serversText({ lockUrls }: Settings): string {
  if (lockUrls.length === 0) return '';
  return `, on most of ${lockUrls.map(maskUrl).join(', ')}`;
}

/** In the form that users of `celery beat` know. */
export function bannerText(banner: Banner): string {
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
    lines.push(`  ${label} ${inZone(Date.parse(dueAt), zone)}  ${entry}`);
  });
  if (next.length === 0) lines.push('  . next      -> nothing: no enabled entry will be due');
  return lines.join('\n');
}
