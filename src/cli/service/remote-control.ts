import { randomUUID } from 'node:crypto';
import type { Settings } from '../../config/settings.ts';
import { openMailbox } from '../../drivers/open-consumer.ts';
import type { Beat } from '../../leader/beat.ts';
import type { RemoteControlOptions } from '../../leader/remote-control/remote-control.ts';
import type { Logger } from '../../observe/logger.ts';
import { answerAsWorker, type WorkerRequestsOptions } from '../../shell-worker/remote-control.ts';
import { systemClock as clock } from '../../util/system-clock.ts';

/** Remote control that runs until it is closed. */
interface RunningControl {
  close(): Promise<void>;
}

/** Answers Celery's remote control as `node` if the configuration enables it; otherwise resolves with `null`. */
export async function answerRemoteControl(
  { settings, liveness }: Beat,
  node: string,
  log: Logger,
): Promise<RunningControl | null> {
  const { enabled, maxTickAge } = settings.remoteControl;
  if (!enabled) return null;
  const { answerAsBeat } = await import('../../leader/remote-control/remote-control.ts');
  const answer = answerAsBeat({ node, liveness, maxTickAge, log });
  return runControl(settings, node, { node, log, answer, effect: 'scheduling is not affected' });
}

/** Answers Celery's remote control in `beat worker`; `null` if the broker does not support it. */
export function obeyRemoteControl(
  settings: Settings,
  options: Omit<WorkerRequestsOptions, 'task'>,
  log: Logger,
): Promise<RunningControl | null> {
  const { node } = options;
  const answer = answerAsWorker({ ...options, task: settings.shell.task });
  const effect = 'until then this worker ends no revoked jobs';
  // All shell workers of a host have the same name, and RabbitMQ grants a queue to only one connection.
  return runControl(settings, `${node}.${randomUUID()}`, { node, log, answer, effect });
}

/** Starts a node of remote control, with a queue of its own; `null` if the broker does not support it. */
async function runControl(
  { remoteControl, broker, connection, transport }: Settings,
  queue: string,
  options: Omit<RemoteControlOptions, 'mailbox' | 'clock'>,
): Promise<RunningControl | null> {
  const { runRemoteControl } = await import('../../leader/remote-control/remote-control.ts');
  const exchange = `${remoteControl.namespace}.pidbox`;
  const mailbox = await openMailbox(broker, { exchange, queue: `${queue}.${exchange}`, connection, transport, clock });
  if (!mailbox) return null;
  const stop = new AbortController();
  const running = runRemoteControl({ ...options, mailbox, clock }, stop.signal);
  return {
    async close() {
      stop.abort();
      await running;
    },
  };
}
