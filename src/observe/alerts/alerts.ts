import { randomUUID } from 'node:crypto';
import type { SkipReason } from '../../celery/message/skip-reasons.ts';
import type { Alert, AlertKind, EntryAlerts } from '../../config/alerts/alerts.ts';
import type { Settings } from '../../config/settings.ts';
import type { OutcomeEvent, SentEvent, SkippedEvent } from '../../contracts/events/beat-events.ts';
import type { EventSource } from '../../contracts/events/events.ts';
import type { Entry } from '../../entries/catalog/entry.ts';
import { isKnown, sourceOfRun } from '../../entries/catalog/outcome-source.ts';
import type { Clock } from '../../util/clock.ts';
import { formatIso } from '../../util/format-iso.ts';
import type { Delivery } from './delivery.ts';
import { buildCheckIn, buildPing, buildWebhook, type CheckIn, type Ping } from './requests.ts';

export interface AlertsOptions {
  /** Returns the settings in force. */
  readonly settings: () => Pick<Settings, 'alerts' | 'entries' | 'outcomes' | 'eventStream' | 'timezone'>;
  readonly delivery: Pick<Delivery, 'push'>;
  readonly clock: Clock;
}

/** Skip reasons that are problems: no command and no setting asked for the skip. */
const MISSED: readonly SkipReason[] = ['missed', 'deadline', 'catch-up-limit', 'expired', 'no-subscribers'];

/** Milliseconds between two looks whether a heartbeat is due. */
const SECOND = 1_000;

/** Empty values for the fields that the kind of an alert does not have. */
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
 * Sends alerts about runs that the leader publishes or skips, and about their outcomes. Followers emit none of these
 * events. An alert is queued in memory, so that no endpoint delays a run.
 */
export class Alerts {
  readonly #options: AlertsOptions;
  /** What is wrong with each entry, as this leader knows it. */
  readonly #problems = new Map<string, Set<AlertKind>>();
  #entries = { of: null as readonly Entry[] | null, byName: new Map<string, Entry>() };
  #isLeading = false;
  /** When the next tick is due, epoch milliseconds; in the past while the leader hangs. */
  #wakeAt = -Infinity;

  constructor(events: EventSource, options: AlertsOptions) {
    this.#options = options;
    events.on('sent', (event) => this.#onSent(event));
    events.on('skipped', (event) => this.#onSkipped(event));
    events.on('outcome', (event) => this.#onOutcome(event));
    events.on('leading', () => {
      this.#isLeading = true;
      this.#wakeAt = -Infinity;
    });
    events.on('tick', ({ wakeAt }) => (this.#wakeAt = wakeAt));
    events.on('following', () => (this.#isLeading = false));
    events.on('stopped', () => (this.#isLeading = false));
  }

  /**
   * Sends heartbeats until the signal aborts: while this instance leads, and its ticks are not overdue by more than the
   * interval. Never rejects.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { settings, delivery, clock } = this.#options;
    let sentAt = -Infinity;
    while (!signal.aborted) {
      const heartbeat = settings().alerts?.heartbeat ?? null;
      const isDue = heartbeat && clock.monotonic() - sentAt >= heartbeat.interval;
      if (isDue && this.#isLeading && clock.now() - this.#wakeAt <= heartbeat.interval) {
        sentAt = clock.monotonic();
        const about = { key: 'heartbeat', about: 'heartbeat', entry: null };
        delivery.push({ ...about, url: heartbeat.url, method: 'GET', headers: {}, body: null });
      }
      await clock.sleep(SECOND, signal);
    }
  }

  #onSent(event: SentEvent): void {
    const { entry, task, taskId, dueAt, sentAt, cause } = event;
    const alerts = this.#find(entry);
    if (!alerts) return;
    // A run whose outcome beat does not learn counts as a success once it is published.
    const { outcomes: results, eventStream } = this.#options.settings();
    const isFollowed = isKnown(sourceOfRun(event), { results, events: eventStream !== null });
    const published = `Entry ${entry}: published task ${task} (${taskId})`;
    this.#ping(alerts, { entry, signal: isFollowed ? 'start' : 'success', taskId, text: published });
    const status = isFollowed ? 'in_progress' : 'ok';
    this.#checkIn(alerts, { entry, taskId, status, runtimeMs: null, at: sentAt });
    if (cause !== 'schedule' && cause !== 'catch-up') return;
    const latenessMs = Math.max(0, sentAt - dueAt);
    const run = { entry, task, taskId, dueAt: formatIso(dueAt), sentAt: formatIso(sentAt), latenessMs };
    if (latenessMs >= alerts.lateAfter) {
      const text = `Entry ${entry} was published ${latenessMs / 1_000} s late`;
      this.#begin(alerts, 'late', { ...run, text });
    } else {
      this.#end(alerts, ['late', 'missed'], { ...run, text: `Entry ${entry} is published in time again` });
    }
  }

  #onSkipped({ entry, reason, first, count }: SkippedEvent): void {
    const alerts = MISSED.includes(reason) ? this.#find(entry) : null;
    if (!alerts) return;
    const runs = count === 1 ? '1 run' : `${count ?? 'more than 10000'} runs`;
    const dueAt = formatIso(first);
    const text = `Entry ${entry} missed ${runs} (${reason}), the first due at ${dueAt}`;
    this.#ping(alerts, { entry, signal: 'fail', taskId: null, text });
    this.#begin(alerts, 'missed', { entry, text, dueAt, reason, count });
  }

  #onOutcome({ entry, task, taskId, dueAt, state, error, worker, runtimeMs }: OutcomeEvent): void {
    const alerts = this.#find(entry);
    if (!alerts) return;
    const isSuccess = state === 'SUCCESS';
    const why = error === null ? '' : `: ${error}`;
    const text = `Entry ${entry}: task ${task} (${taskId}) ended with ${state}${why}`;
    this.#ping(alerts, { entry, signal: isSuccess ? 'success' : 'fail', taskId, text });
    const at = this.#options.clock.now();
    this.#checkIn(alerts, { entry, taskId, status: isSuccess ? 'ok' : 'error', runtimeMs, at });
    const run = { entry, task, taskId, dueAt: formatIso(dueAt), state, error, worker, runtimeMs };
    if (!isSuccess) return this.#begin(alerts, 'failure', { ...run, text });
    const recovered = `Entry ${entry} has recovered: task ${task} (${taskId}) succeeded`;
    this.#end(alerts, ['failure'], { ...run, text: recovered });
  }

  #find(entry: string): EntryAlerts | null {
    const { alerts } = this.#options.settings();
    return alerts && (alerts.entries.get(entry) ?? alerts.defaults);
  }

  #ping({ ping }: EntryAlerts, about: Ping): void {
    if (ping !== null) this.#options.delivery.push(buildPing(ping, about));
  }

  #checkIn({ sentry }: EntryAlerts, checkIn: Omit<CheckIn, 'schedule' | 'timezone'>): void {
    if (sentry === null) return;
    const schedule = this.#findEntry(checkIn.entry)?.schedule;
    const timezone = schedule?.timezone ?? this.#options.settings().timezone;
    this.#options.delivery.push(buildCheckIn(sentry, { ...checkIn, schedule, timezone }));
  }

  #begin(alerts: EntryAlerts, problem: AlertKind, alert: AlertFields): void {
    const problems = this.#problems.get(alert.entry) ?? new Set();
    this.#problems.set(alert.entry, problems.add(problem));
    this.#call(alerts, problem, alert);
  }

  /** Sends an alert if the entry has recovered: it had one of these problems, and has none any more. */
  #end(alerts: EntryAlerts, ended: readonly AlertKind[], alert: AlertFields): void {
    const problems = this.#problems.get(alert.entry);
    if (!problems) return;
    for (const problem of ended) problems.delete(problem);
    if (problems.size > 0) return;
    this.#problems.delete(alert.entry);
    this.#call(alerts, 'recovered', alert);
  }

  #call({ webhook }: EntryAlerts, kind: AlertKind, fields: AlertFields): void {
    if (!webhook?.on.includes(kind)) return;
    const { clock, delivery } = this.#options;
    const at = clock.now();
    const alert = { ...NONE, ...fields, kind, at: formatIso(at) };
    delivery.push(buildWebhook(webhook, alert, { id: randomUUID(), at }));
  }

  #findEntry(name: string): Entry | undefined {
    const { entries } = this.#options.settings();
    if (this.#entries.of !== entries) {
      this.#entries = { of: entries, byName: new Map(entries.map((each) => [each.name, each])) };
    }
    return this.#entries.byName.get(name);
  }
}
