import { pino, type DestinationStream, type Logger } from 'pino';
import type { Clock } from '../util/clock.ts';
import type {
  EntryChangedEvent,
  NeverDueEvent,
  SchedulingEvent,
  SentEvent,
  SkippedEvent,
  WarningKind,
} from '../events/beat-events.ts';
import type { EventSource } from '../events/events.ts';
import { logFaults } from './faults.ts';

export type { Logger } from 'pino';

/** Celery's names of log levels, in ascending order, with what they are called here. */
export const LOG_LEVELS = {
  debug: 'debug',
  info: 'info',
  warning: 'warn',
  error: 'error',
  critical: 'fatal',
  fatal: 'fatal',
} as const;

export type LogLevel = keyof typeof LOG_LEVELS;
export type LogFormat = 'json' | 'text';

export interface LogOptions {
  readonly level: LogLevel;
  /** Receives each line, with its line end, before the logger returns. */
  readonly destination: DestinationStream;
}

/** A logger that hands over each line before it returns: what a killed process logged is not lost. */
export function createLogger({ level, destination }: LogOptions): Logger {
  const options = {
    level: LOG_LEVELS[level],
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(options, destination);
}

/**
 * Renders lines of JSON as text for a person at a terminal. Loads the renderer, which takes as long to
 * load as everything else of the log together.
 */
export async function asText(destination: DestinationStream): Promise<DestinationStream> {
  const { prettyFactory } = await import('pino-pretty');
  const render = prettyFactory({
    hideObject: true,
    translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l',
    colorize: false,
  });
  return { write: (line) => destination.write(render(line)) };
}

/** Writes a line for every event worth one. Returns nothing: it listens for as long as beat speaks. */
export function logEvents(events: EventSource, log: Logger, clock: Clock): void {
  // A term that cannot begin (its ledger fails) is tried again and again: the first try is news.
  let tries = 0;
  events.on('leading', ({ term }) => {
    log[tries++ === 0 ? 'info' : 'debug']({ event: 'leading', term }, `Leading: term ${term}`);
  });
  events.on('following', ({ reason }) => {
    log[tries <= 1 ? 'info' : 'debug']({ event: 'following', reason }, `Following: ${reason}`);
  });
  events.on('scheduling', (event) => {
    tries = 0;
    log[event.ledgerLost ? 'warn' : 'info']({ event: 'scheduling', ...event }, begunText(event));
  });
  events.on('entry-changed', (event) => {
    log.debug({ event: 'entry-changed', ...event }, ENTRY_WORDS[event.change](event));
  });
  events.on('never-due', (event) => {
    const { schedule } = event;
    const words = `${OVER_WORDS[event.change](event)}, and its time is past (${schedule})`;
    log.warn({ event: 'never-due', ...event }, `${words}: nothing will be sent`);
  });
  events.on('sent', (event) => {
    log.info(
      sentFields(event),
      `Scheduler: Sending due task ${event.entry} (${event.task}) id=${event.taskId}`,
    );
  });
  events.on('delivered', ({ dueAt, message: _, ...event }) => {
    const text = `Task ${event.task} id=${event.taskId} of ${event.entry}, kept before, is in ${event.to}`;
    log.info({ event: 'delivered', ...event, dueAt: iso(dueAt) }, text);
  });
  events.on('skipped', (event) => {
    log.warn(skippedFields(event), skippedText(event));
  });
  events.on('command', (event) => {
    const what = event.do === null ? 'command' : `command ${event.do}`;
    const of = event.entry === null ? '' : ` for entry ${event.entry}`;
    const by = event.by === '' ? '' : ` (by ${event.by})`;
    const level = event.status === 'applied' ? 'info' : 'warn';
    log[level](
      { event: 'command', ...event },
      `${event.status} ${what}${of}${by}: ${event.answer}`,
    );
  });
  events.on('warning', ({ kind, message }) => {
    if (message === null) log.info({ event: 'warning', kind, resolved: true }, RELIEF[kind]);
    else log.warn({ event: 'warning', kind }, message);
  });
  // Once for whoever wonders; what matters about it later is a warning.
  let clockShown = false;
  events.on('skew', ({ ms, within }) => {
    const side = ms < 0 ? 'behind' : 'ahead of';
    const text = `This host's clock is ${Math.abs(ms)} ms ${side} the store's, give or take ${within}`;
    log[clockShown ? 'debug' : 'info']({ event: 'skew', ms, within }, text);
    clockShown = true;
  });
  events.on('tick', ({ sent, wakeAt }) => {
    log.debug(
      { event: 'tick', sent, wakeAt: iso(wakeAt) },
      `beat: Waking up at ${iso(wakeAt) ?? 'no time'}`,
    );
  });
  events.on('stopped', () => {
    log.info({ event: 'stopped' }, 'beat: Stopped');
  });
  logFaults(events, log, clock);
}

const ENTRY_WORDS: Record<EntryChangedEvent['change'], (event: EntryChangedEvent) => string> = {
  added: ({ entry }) => `Entry ${entry} is new: it counts from now`,
  edited: ({ entry }) => `The schedule of ${entry} was edited: it counts from now`,
  enabled: ({ entry }) => `Entry ${entry} is back: it counts from now`,
  disabled: ({ entry }) => `Entry ${entry} is disabled`,
  removed: ({ entry }) => `Entry ${entry} is not configured any more`,
};

const OVER_WORDS: Record<NeverDueEvent['change'], (event: NeverDueEvent) => string> = {
  added: ({ entry }) => `Entry ${entry} is new`,
  edited: ({ entry }) => `The schedule of ${entry} was edited`,
  enabled: ({ entry }) => `Entry ${entry} is back`,
};

const RELIEF: Record<WarningKind, string> = {
  clock: "This host's clock and the store's agree again",
  eviction: 'The store keeps what it was given again',
  locks: 'All servers of the lock answer again',
  outbox: 'No message waits in the outbox any more',
  pruning: 'Messages that workers have taken are removed again',
  takeover: 'This instance learns again when another one stops',
};

function begunText({ entries, changes, ledgerLost }: SchedulingEvent): string {
  const changed = Object.entries(changes).map(([change, count]) => `${count} ${change}`);
  const what = [`${entries} enabled`, ...changed].join(', ');
  return ledgerLost
    ? `The ledger was lost: schedules go on from now (entries: ${what})`
    : `Scheduling (entries: ${what})`;
}

function sentFields({ dueAt, sentAt, messages: _, ...event }: SentEvent): object {
  return { event: 'sent', ...event, dueAt: iso(dueAt), latenessMs: Math.max(0, sentAt - dueAt) };
}

function skippedFields({ first, last, ...event }: SkippedEvent): object {
  return { event: 'skipped', ...event, first: iso(first), last: iso(last) };
}

const SKIP_WORDS: Record<SkippedEvent['reason'], string> = {
  coalesced: 'a newer missed run stands for them',
  missed: 'the entry skips what it missed',
  deadline: 'their starting deadline has passed',
  'catch-up-limit': 'more were missed than are made up for',
  expired: 'no queue took them before they expired',
  'no-subscribers': 'nobody listened to their exchange, which keeps nothing',
  paused: 'the entry was paused',
  skipped: 'a command asked to skip it',
};

function skippedText({ entry, reason, first, last, count }: SkippedEvent): string {
  const many = count === 1 ? 'One run' : `${count ?? 'Very many'} runs`;
  const when = first === last ? `of ${iso(first)}` : `from ${iso(first)} to ${iso(last)}`;
  return `${many} of ${entry} ${when} not sent: ${SKIP_WORDS[reason]}`;
}

/** ISO 8601, UTC; `null` for never. */
function iso(at: number): string | null {
  return Number.isFinite(at) ? new Date(at).toISOString() : null;
}
