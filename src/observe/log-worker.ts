import type { EventEmitter } from 'node:events';
import type { JobEnded, JobInfo, WorkerEvents } from '../contracts/events/worker-events.ts';
import type { Logger } from './logger.ts';

export function logWorker(events: EventEmitter<WorkerEvents>, log: Logger): void {
  const logEnd = (level: 'info' | 'warn', name: string, text: string, run: JobEnded) => {
    const description = shorten(run.description);
    log[level]({ event: name, ...run, description }, `${text}: ${description}`);
  };
  events.on('started', (run) => {
    log.info({ event: 'job-started', ...run }, `Job of ${nameOf(run)} started`);
  });
  events.on('succeeded', (run) => {
    logEnd('info', 'job-succeeded', `Job of ${nameOf(run)} succeeded`, run);
  });
  events.on('failed', (run) => {
    logEnd('warn', 'job-failed', `Job of ${nameOf(run)} failed`, run);
  });
  events.on('rejected', (run) => {
    logEnd('warn', 'job-rejected', `Rejected the job of ${nameOf(run)}`, run);
  });
  events.on('expired', (run) => {
    log.warn({ event: 'job-expired', ...run }, `Job of ${nameOf(run)} expired before it began`);
  });
  events.on('revoked', (run) => {
    const how = run.signal === null ? 'revoked before it began' : `ended by revoke (${run.signal})`;
    log.warn({ event: 'job-revoked', ...run }, `Job of ${nameOf(run)} was ${how}`);
  });
  events.on('interrupted', (run) => {
    const effect = run.lost ? 'it does not run again' : 'its message is delivered again';
    const text = `Job of ${nameOf(run)} was ended because the worker stops; ${effect}`;
    log.warn({ event: 'job-interrupted', ...run }, text);
  });
  events.on('follow-ups-ignored', (run) => {
    const text = `Job of ${nameOf(run)} has links, a chain or a chord, which beat worker does not publish; use a Celery worker`;
    log.warn({ event: 'follow-ups-ignored', ...run }, text);
  });
  events.on('discarded', ({ taskId, queue, reason }) => {
    const which = taskId === '' ? 'a message' : `message ${taskId}`;
    const text = `Discarded ${which} from queue ${queue}: ${reason}`;
    log.error({ event: 'message-discarded', taskId, queue, reason }, text);
  });
}

function nameOf({ entry, taskId }: JobInfo): string {
  return entry === '' ? `task ${taskId}` : `entry ${entry} (id=${taskId})`;
}

/** The most characters of a job's output in a line; the result has all of it. */
const MAX_TEXT = 2_000;

function shorten(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  const half = MAX_TEXT / 2;
  return `${text.slice(0, half)} […] ${text.slice(-half)}`;
}
