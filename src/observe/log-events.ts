import type { Logger } from 'pino';
import type {
  CommandEvent,
  EntryChangedEvent,
  OutcomeEvent,
  SchedulingEvent,
  SkippedEvent,
  WarningKind,
} from '../contracts/events/beat-events.ts';
import type { EventSource } from '../contracts/events/events.ts';
import { describeSkipReason } from '../celery/message/skip-reasons.ts';
import { formatIsoOrNull } from '../util/format-iso.ts';
import type { Clock } from '../util/clock.ts';
import { describeError } from '../util/errors.ts';
import { logFailures } from './log-failures.ts';

export function logEvents(events: EventSource, log: Logger, clock: Clock): void {
  // Of several terms that cannot begin, only the first is logged as info: the lines about the failure cover the rest.
  let attempts = 0;
  events.on('leading', ({ term }) => {
    log[attempts++ === 0 ? 'info' : 'debug']({ event: 'leading', term }, `Leading: term ${term}`);
  });
  events.on('following', ({ reason }) => {
    log[attempts <= 1 ? 'info' : 'debug']({ event: 'following', reason }, `Following: ${reason}`);
  });
  events.on('renewed', ({ trustedForMs }) => {
    log.debug({ event: 'renewed', trustedForMs }, 'Lock renewed');
  });
  events.on('scheduling', (event) => {
    attempts = 0;
    log[event.ledgerLost ? 'warn' : 'info']({ event: 'scheduling', ...event }, schedulingText(event));
  });
  events.on('reloaded', (event) => {
    const { added, changed, removed, files } = event;
    const entries = event.entries === 1 ? '1 entry' : `${event.entries} entries`;
    const from = files.length === 0 ? '' : ` from ${files.join(', ')}`;
    const counts = `${added} added, ${changed} changed, ${removed} removed`;
    log.info({ event: 'reloaded', ...event }, `Configuration reloaded: ${counts} (${entries}${from})`);
  });
  events.on('reload-failed', ({ error }) => {
    const text = describeError(error);
    log.error(
      { event: 'reload-failed', error: text },
      `Configuration not reloaded: ${text.replaceAll('\n', '; ')}; ` +
        'the configuration in force is unchanged, correct the files and reload again',
    );
  });
  events.on('entry-changed', (event) => {
    log.debug({ event: 'entry-changed', ...event }, CHANGE_TEXTS[event.change](event.entry));
  });
  events.on('never-due', (event) => {
    const { entry, schedule } = event;
    log.warn(
      { event: 'never-due', ...event },
      `Entry ${entry} will never run: its time (${schedule}) has already passed`,
    );
  });
  events.on('sent', ({ dueAt, sentAt, messages: _, ...event }) => {
    // The text of celery beat's line, which users grep for.
    const text = `Scheduler: Sending due task ${event.entry} (${event.task}) id=${event.taskId}`;
    const latenessMs = Math.max(0, sentAt - dueAt);
    log.info({ event: 'sent', ...event, dueAt: formatIsoOrNull(dueAt), latenessMs }, text);
  });
  events.on('delivered', ({ dueAt, message: _, ...event }) => {
    const { entry, task, taskId, to } = event;
    log.info(
      { event: 'delivered', ...event, dueAt: formatIsoOrNull(dueAt) },
      `Published delayed task ${task} id=${taskId} (entry ${entry}) to ${to}`,
    );
  });
  events.on('outbox', ({ waiting, oldest }) => {
    log.debug({ event: 'outbox', waiting, oldest: formatIsoOrNull(oldest) }, `Outbox: ${waiting} messages wait`);
  });
  events.on('outcome', (event) => {
    log[event.state === 'SUCCESS' ? 'debug' : 'warn'](outcomeFields(event), outcomeText(event));
  });
  events.on('skipped', (event) => {
    log.warn(skippedFields(event), skippedText(event));
  });
  events.on('command', (event) => {
    const level = event.status === 'applied' ? 'info' : 'warn';
    log[level]({ event: 'command', ...event, at: formatIsoOrNull(event.at) }, commandText(event));
  });
  events.on('warning', ({ kind, message }) => {
    if (message === null) log.info({ event: 'warning', kind, resolved: true }, RESOLVED[kind]);
    else log.warn({ event: 'warning', kind }, message);
  });
  let skewLogged = false;
  events.on('skew', ({ store, ms, within }) => {
    const level = skewLogged ? 'debug' : 'info';
    log[level]({ event: 'skew', store, ms, within }, `Clock skew against ${store}: ${ms} ms (±${within} ms)`);
    skewLogged = true;
  });
  events.on('tick', ({ sent, wakeAt }) => {
    const at = formatIsoOrNull(wakeAt);
    const text = at === null ? 'beat: No run is due' : `beat: Waking up at ${at}`;
    log.debug({ event: 'tick', sent, wakeAt: at }, text);
  });
  events.on('stopped', () => {
    log.info({ event: 'stopped' }, 'beat: Stopped');
  });
  logFailures(events, log, clock);
}

const CHANGE_TEXTS: Record<EntryChangedEvent['change'], (entry: string) => string> = {
  added: (entry) => `New entry ${entry}: its first run is computed from now, or from its lastRunAt`,
  edited: (entry) => `Schedule of entry ${entry} changed: its next run is computed from now`,
  enabled: (entry) => `Entry ${entry} is enabled again: its next run is computed from now`,
  disabled: (entry) => `Entry ${entry} is disabled: it does not run`,
  removed: (entry) => `Entry ${entry} was removed from the configuration: it does not run`,
};

/** The log texts for the end of a warning's condition. */
export const RESOLVED: Readonly<Record<WarningKind, string>> = {
  clock: 'Clock skew is below 1 s again',
  eviction: 'The store no longer evicts queues or schedule state',
  locks: 'All lock servers are reachable again',
  'other-scheduler': 'No other scheduler is at work any more',
  outbox: 'Outbox: no message is delayed any more',
  'unreadable-messages': 'Outbox: all messages can be read again',
  'stored-entries': 'All members of the index of stored entries name an entry again',
  pruning: 'Consumed messages are removed again',
  'task-events': 'Task events of workers arrive again',
  transactions: 'MongoDB has transactions again',
  takeover: 'This instance is notified again when the leader stops',
};

function schedulingText({ entries, changes, ledgerLost }: SchedulingEvent): string {
  const changed = Object.entries(changes).map(([change, count]) => `${count} ${change}`);
  const counts = [`${entries} enabled`, ...changed].join(', ');
  return ledgerLost
    ? `Schedule state was lost (was the store emptied?); all schedules restart from now (entries: ${counts})`
    : `Scheduling (entries: ${counts})`;
}

function outcomeFields({ dueAt, sentAt, doneAt, ...event }: OutcomeEvent): object {
  const instants = { dueAt: formatIsoOrNull(dueAt), sentAt: formatIsoOrNull(sentAt), doneAt: formatIsoOrNull(doneAt) };
  return { event: 'outcome', ...event, ...instants };
}

function outcomeText({ entry, task, taskId, state, error }: OutcomeEvent): string {
  const why = error === null ? '' : `: ${error}`;
  return `Outcome of ${entry} (${task}) id=${taskId}: ${state}${why}`;
}

function skippedFields({ first, last, withdrawn, ...event }: SkippedEvent): object {
  const taskIds = withdrawn?.map(({ taskId }) => taskId);
  return { event: 'skipped', ...event, first: formatIsoOrNull(first), last: formatIsoOrNull(last), withdrawn: taskIds };
}

function skippedText({ entry, reason, first, last, count }: SkippedEvent): string {
  const runs = count === 1 ? '1 run' : `${count ?? 'very many'} runs`;
  const when =
    first === last
      ? `due at ${formatIsoOrNull(first)}`
      : `due from ${formatIsoOrNull(first)} to ${formatIsoOrNull(last)}`;
  return `Skipped ${runs} of ${entry} ${when}: ${describeSkipReason(reason)}`;
}

function commandText({ do: name, entry, by, status, answer }: CommandEvent): string {
  const command = name === null ? 'command' : `command ${name}`;
  const target = entry === null ? '' : ` for entry ${entry}`;
  const sender = by === '' ? '' : ` (by ${by})`;
  return `${status === 'applied' ? 'Applied' : 'Rejected'} ${command}${target}${sender}: ${answer}`;
}
