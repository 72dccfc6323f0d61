import { randomUUID } from 'node:crypto';
import type { SkipReason } from '../../celery/message/skip-reasons.ts';
import type { EntryAlerts } from '../../config/alerts/alerts.ts';
import type { Alert, AlertKind } from '../../contracts/events/alert.ts';
import type { Settings } from '../../config/settings.ts';
import type { EventSource } from '../../contracts/events/events.ts';
import type { Entry } from '../../entries/catalog/entry.ts';
import { isKnown, sourceOfRun } from '../../entries/catalog/outcome-source.ts';
import type { Clock } from '../../util/clock.ts';
import { formatIso } from '../../util/format-iso.ts';
import type { Delivery } from './delivery.ts';
import { buildCall, buildCheckIn, buildPing, buildWebhook, type CheckIn, type Ping } from './requests.ts';

export interface AlertsOptions {
  readonly settings: () => Pick<Settings, 'alerts' | 'entries' | 'outcomes' | 'eventStream' | 'timezone'>;
  readonly delivery: Pick<Delivery, 'push'>;
  readonly clock: Clock;
}

/** Skip reasons that are problems: no command and no setting asked for the skip. */
const MISSED: readonly SkipReason[] = ['missed', 'deadline', 'catch-up-limit', 'expired', 'no-subscribers'];

/** Milliseconds between two looks whether a heartbeat is due. */
const SECOND = 1_000;

const NONE = {
  task: null,
  taskId: null,
  dueAt: null,
  sentAt: null,
  latenessMs: null,
  state: null,
  error: null,
  worker: null,
  runtimeMs: null,
  reason: null,
  count: null,
} as const;

type AlertFields = Partial<Alert> & Pick<Alert, 'entry' | 'text'>;

/**
 * Queues alerts about runs that the leader publishes or skips, and about their outcomes. Followers emit none of these
 * events. The queue is in memory, so that no endpoint delays a run. Returns a function that sends heartbeats
 * until its signal aborts: while this instance leads, and its ticks are not overdue by more than the interval. It never
 * rejects.
 */
export function queueAlerts(
  events: EventSource,
  { settings, delivery, clock }: AlertsOptions,
): (signal: AbortSignal) => Promise<void> {
  /** What is wrong with each entry, as this leader knows it. */
  const problems = new Map<string, Set<AlertKind>>();
  const findEntry = entryLookup(settings);

  const find = (entry: string): EntryAlerts | null => {
    const { alerts } = settings();
    return alerts && (alerts.entries.get(entry) ?? alerts.defaults);
  };
  const ping = ({ ping: url }: EntryAlerts, about: Ping) => {
    if (url !== null) delivery.push(buildPing(url, about));
  };
  const checkIn = ({ sentry }: EntryAlerts, about: Omit<CheckIn, 'schedule' | 'timezone'>) => {
    if (sentry === null) return;
    const schedule = findEntry(about.entry)?.schedule;
    const timezone = schedule?.timezone ?? settings().timezone;
    delivery.push(buildCheckIn(sentry, { ...about, schedule, timezone }));
  };
  const call = ({ webhook, call: own }: EntryAlerts, kind: AlertKind, fields: AlertFields) => {
    const calledWebhook = webhook?.on.includes(kind) ? webhook : null;
    if (!calledWebhook && !own) return;
    const at = clock.now();
    const alert = { ...NONE, ...fields, kind, at: formatIso(at) };
    if (calledWebhook) delivery.push(buildWebhook(calledWebhook, alert, { id: randomUUID(), at }));
    if (own) delivery.push(buildCall(own, alert));
  };
  const begin = (alerts: EntryAlerts, problem: AlertKind, fields: AlertFields) => {
    problems.set(fields.entry, (problems.get(fields.entry) ?? new Set()).add(problem));
    call(alerts, problem, fields);
  };
  /** Sends an alert if the entry has recovered: it had one of these problems, and has none any more. */
  const end = (alerts: EntryAlerts, ended: readonly AlertKind[], fields: AlertFields) => {
    const present = problems.get(fields.entry);
    for (const problem of ended) present?.delete(problem);
    if (present?.size !== 0) return;
    problems.delete(fields.entry);
    call(alerts, 'recovered', fields);
  };

  events.on('sent', (event) => {
    const { entry, task, taskId, dueAt, sentAt, cause } = event;
    const alerts = find(entry);
    if (!alerts) return;
    // A run whose outcome beat does not learn counts as a success once it is published.
    const { outcomes: results, eventStream } = settings();
    const isFollowed = isKnown(sourceOfRun(event), { results, events: eventStream !== null });
    const published = `Entry ${entry}: published task ${task} (${taskId})`;
    ping(alerts, { entry, signal: isFollowed ? 'start' : 'success', taskId, text: published });
    checkIn(alerts, { entry, taskId, status: isFollowed ? 'in_progress' : 'ok', runtimeMs: null, at: sentAt });
    if (cause !== 'schedule' && cause !== 'catch-up') return;
    const latenessMs = Math.max(0, sentAt - dueAt);
    const run = { entry, task, taskId, dueAt: formatIso(dueAt), sentAt: formatIso(sentAt), latenessMs };
    if (latenessMs >= alerts.lateAfter) {
      begin(alerts, 'late', { ...run, text: `Entry ${entry} was published ${latenessMs / 1_000} s late` });
    } else {
      end(alerts, ['late', 'missed'], { ...run, text: `Entry ${entry} is published in time again` });
    }
  });
  events.on('skipped', ({ entry, reason, first, count }) => {
    const alerts = MISSED.includes(reason) ? find(entry) : null;
    if (!alerts) return;
    const runs = count === 1 ? '1 run' : `${count ?? 'more than 10000'} runs`;
    const dueAt = formatIso(first);
    const text = `Entry ${entry} missed ${runs} (${reason}), the first due at ${dueAt}`;
    ping(alerts, { entry, signal: 'fail', taskId: null, text });
    begin(alerts, 'missed', { entry, text, dueAt, reason, count });
  });
  events.on('outcome', ({ entry, task, taskId, dueAt, state, error, worker, runtimeMs }) => {
    const alerts = find(entry);
    if (!alerts) return;
    const isSuccess = state === 'SUCCESS';
    const why = error === null ? '' : `: ${error}`;
    const text = `Entry ${entry}: task ${task} (${taskId}) ended with ${state}${why}`;
    ping(alerts, { entry, signal: isSuccess ? 'success' : 'fail', taskId, text });
    checkIn(alerts, { entry, taskId, status: isSuccess ? 'ok' : 'error', runtimeMs, at: clock.now() });
    const run = { entry, task, taskId, dueAt: formatIso(dueAt), state, error, worker, runtimeMs };
    const recovered = `Entry ${entry} has recovered: task ${task} (${taskId}) succeeded`;
    if (isSuccess) end(alerts, ['failure'], { ...run, text: recovered });
    else begin(alerts, 'failure', { ...run, text });
  });

  /** When the next tick is due, epoch milliseconds: in the past while the leader hangs. `null` unless this instance leads. */
  let dueTick: number | null = null;
  events.on('leading', () => (dueTick = -Infinity));
  events.on('tick', ({ wakeAt }) => {
    if (dueTick !== null) dueTick = wakeAt;
  });
  events.on('following', () => (dueTick = null));
  events.on('stopped', () => (dueTick = null));
  return async (signal) => {
    let sentAt = -Infinity;
    while (!signal.aborted) {
      const heartbeat = settings().alerts?.heartbeat ?? null;
      const isDue = heartbeat && clock.monotonic() - sentAt >= heartbeat.interval;
      if (isDue && dueTick !== null && clock.now() - dueTick <= heartbeat.interval) {
        sentAt = clock.monotonic();
        const about = { key: 'heartbeat', about: 'heartbeat', entry: null };
        delivery.push({ ...about, url: heartbeat.url, method: 'GET', headers: {}, body: null });
      }
      await clock.sleep(SECOND, signal);
    }
  };
}

/** Finds declared entries by their names. A map is made once for each configuration, because there may be many. */
function entryLookup(settings: () => Pick<Settings, 'entries'>): (name: string) => Entry | undefined {
  let indexed: readonly Entry[] = [];
  let byName = new Map<string, Entry>();
  return (name) => {
    const { entries } = settings();
    if (entries !== indexed) byName = new Map(entries.map((each) => [each.name, each]));
    indexed = entries;
    return byName.get(name);
  };
}
