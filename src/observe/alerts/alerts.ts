import { randomUUID } from 'node:crypto';
import type { SkipReason } from '../../celery/message/skip-reasons.ts';
import type { Alert } from '../../config/alerts/alert.ts';
import type { AlertKind, AlertSettings, EntryAlerts } from '../../config/alerts/read-alerts.ts';
import type { Settings } from '../../config/settings.ts';
import type { OutcomeEvent, SentEvent, SkippedEvent } from '../../contracts/events/beat-events.ts';
import type { EventSource } from '../../contracts/events/events.ts';
import type { Entry } from '../../entries/catalog/entry.ts';
import { isKnown, sourceOfRun } from '../../entries/catalog/outcome-source.ts';
import type { Clock } from '../../util/clock.ts';
import { formatIso } from '../../util/format-iso.ts';
import type { Delivery } from './delivery.ts';
import { toMonitorSchedule, buildPing, buildCheckIn, type CheckIn, buildWebhook } from './requests.ts';

export interface AlertsOptions {
  /** Returns the settings in force. */
  readonly settings: () => Pick<Settings, 'alerts' | 'entries' | 'outcomes' | 'eventStream' | 'timezone'>;
  readonly delivery: Pick<Delivery, 'push'>;
  readonly clock: Clock;
}

/** Skip reasons that are problems: no command and no setting asked for the skip. */
const MISSED: ReadonlySet<SkipReason> = new Set<SkipReason>([
  ...(['missed', 'deadline', 'catch-up-limit', 'expired', 'no-subscribers'] as const),
]);

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

/**
 * Sends alerts about runs that the leader publishes or skips, and about their outcomes. Followers emit none of these
 * events. An alert is queued in memory, so that no endpoint delays a run.
 */
export class Alerts {
  readonly #options: AlertsOptions;
  readonly #problems = new Problems();
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
    const second = 1_000;
    let sentAt = -Infinity;
    while (!signal.aborted) {
      const heartbeat = settings().alerts?.heartbeat ?? null;
      const isDue = heartbeat && clock.monotonic() - sentAt >= heartbeat.interval;
      if (isDue && this.#isLeading && clock.now() - this.#wakeAt <= heartbeat.interval) {
        sentAt = clock.monotonic();
        const { url } = heartbeat;
        const about = { key: 'heartbeat', about: 'heartbeat', entry: null };
        delivery.push({ ...about, url, method: 'GET', headers: {}, body: null });
      }
      await clock.sleep(second, signal);
    }
  }

  #onSent(event: SentEvent): void {
    const alerts = this.#find(event.entry);
    if (!alerts) return;
    const { entry, task, taskId, dueAt, sentAt, cause } = event;
    // A run whose outcome beat does not learn counts as a success once it is published.
    const { outcomes: results, eventStream } = this.#options.settings();
    const isFollowed = isKnown(sourceOfRun(event), { results, events: eventStream !== null });
    const text = `Entry ${entry}: published task ${task} (${taskId})`;
    this.#ping(alerts, entry, isFollowed ? 'start' : 'success', taskId, text);
    const status = isFollowed ? 'in_progress' : 'ok';
    this.#checkIn(alerts, { entry, taskId, status, runtimeMs: null, at: sentAt });
    const latenessMs = Math.max(0, sentAt - dueAt);
    const run = { task, taskId, dueAt: formatIso(dueAt), sentAt: formatIso(sentAt), latenessMs };
    if (cause !== 'schedule' && cause !== 'catch-up') return;
    if (latenessMs >= alerts.lateAfter) {
      this.#problems.begin(entry, 'late');
      const late = `Entry ${entry} was published ${latenessMs / 1_000} s late`;
      this.#call(alerts, { ...NONE, ...run, kind: 'late', entry, text: late });
    } else if (this.#problems.end(entry, 'late', 'missed')) {
      const recovered = `Entry ${entry} is published in time again`;
      this.#call(alerts, { ...NONE, ...run, kind: 'recovered', entry, text: recovered });
    }
  }

  #onSkipped({ entry, reason, first, count }: SkippedEvent): void {
    const alerts = MISSED.has(reason) ? this.#find(entry) : null;
    if (!alerts) return;
    this.#problems.begin(entry, 'missed');
    const runs = count === 1 ? '1 run' : `${count ?? 'more than 10000'} runs`;
    const text = `Entry ${entry} missed ${runs} (${reason}), the first due at ${formatIso(first)}`;
    this.#ping(alerts, entry, 'fail', null, text);
    this.#call(alerts, { ...NONE, kind: 'missed', entry, text, dueAt: formatIso(first), reason, count });
  }

  #onOutcome(event: OutcomeEvent): void {
    const alerts = this.#find(event.entry);
    if (!alerts) return;
    const { entry, task, taskId, state, error, worker, runtimeMs } = event;
    const isSuccess = state === 'SUCCESS';
    const why = error === null ? '' : `: ${error}`;
    const text = `Entry ${entry}: task ${task} (${taskId}) ended with ${state}${why}`;
    this.#ping(alerts, entry, isSuccess ? 'success' : 'fail', taskId, text);
    const at = this.#options.clock.now();
    const status = isSuccess ? 'ok' : 'error';
    this.#checkIn(alerts, { entry, taskId, status, runtimeMs, at });
    const run = { task, taskId, dueAt: formatIso(event.dueAt), state, error, worker, runtimeMs };
    if (!isSuccess) {
      this.#problems.begin(entry, 'failure');
      this.#call(alerts, { ...NONE, ...run, kind: 'failure', entry, text });
    } else if (this.#problems.end(entry, 'failure')) {
      const recovered = `Entry ${entry} has recovered: task ${task} (${taskId}) succeeded`;
      this.#call(alerts, { ...NONE, ...run, kind: 'recovered', entry, text: recovered });
    }
  }

  #find(entry: string): EntryAlerts | null {
    const alerts: AlertSettings | null = this.#options.settings().alerts;
    return alerts && (alerts.entries.get(entry) ?? alerts.defaults);
  }

  #ping(
    { ping }: EntryAlerts,
    entry: string,
    signal: 'start' | 'success' | 'fail',
    taskId: string | null,
    text: string,
  ): void {
    if (ping === null) return;
    this.#options.delivery.push(buildPing(ping, { entry, signal, taskId, text }));
  }

  #checkIn({ sentry }: EntryAlerts, checkIn: Omit<CheckIn, 'schedule' | 'timezone'>): void {
    if (sentry === null) return;
    const { timezone } = this.#options.settings();
    const schedule = this.#findEntry(checkIn.entry)?.schedule;
    const monitor = {
      schedule: schedule ? toMonitorSchedule(schedule) : null,
      timezone: schedule?.timezone ?? timezone,
    };
    this.#options.delivery.push(buildCheckIn(sentry, { ...checkIn, ...monitor }));
  }

  #call({ webhook }: EntryAlerts, alert: Omit<Alert, 'at'> & { readonly kind: AlertKind }): void {
    if (!webhook?.on.includes(alert.kind)) return;
    const { clock, delivery } = this.#options;
    const at = clock.now();
    delivery.push(buildWebhook(webhook, { ...alert, at: formatIso(at) }, { id: randomUUID(), at }));
  }

  #findEntry(name: string): Entry | undefined {
    const { entries } = this.#options.settings();
    if (this.#entries.of !== entries) {
      this.#entries = { of: entries, byName: new Map(entries.map((each) => [each.name, each])) };
    }
    return this.#entries.byName.get(name);
  }
}

/** What is wrong with an entry at present. */
type Problem = Exclude<AlertKind, 'recovered'>;

/** The problems of each entry, as this leader knows them. The end of an entry's last problem is an alert too. */
class Problems {
  readonly #entries = new Map<string, Set<Problem>>();

  begin(entry: string, problem: Problem): void {
    const problems = this.#entries.get(entry) ?? new Set();
    this.#entries.set(entry, problems.add(problem));
  }

  /** Returns whether the entry has recovered: it had one of these problems, and has none any more. */
  end(entry: string, ...ended: readonly Problem[]): boolean {
    const problems = this.#entries.get(entry);
    if (!problems) return false;
    for (const problem of ended) problems.delete(problem);
    return problems.size === 0 && this.#entries.delete(entry);
  }
}
