import { randomUUID } from 'node:crypto';
import type { Settings } from '../../config/settings.ts';
import { openMailbox } from '../../drivers/open-consumer.ts';
import type { Beat } from '../../leader/beat.ts';
import type { RemoteControlOptions } from '../../leader/remote-control/remote-control.ts';
import type { Logger } from '../../observe/logger.ts';
import { answerAsWorker } from '../../shell-worker/remote-control.ts';
import type { ShellWorker } from '../../shell-worker/shell-worker.ts';
import { systemClock } from '../../util/system-clock.ts';

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
  return runControl(settings, {
    node,
    queue: node,
    log,
    answer: answerAsBeat({ node, liveness, maxTickAge, log }),
    effect: 'scheduling is not affected',
  });
}

interface ControlOptions extends Omit<RemoteControlOptions, 'mailbox' | 'clock'> {
  /** The first part of the name of the node's queue, which no other process uses. */
  readonly queue: string;
}

/** Starts a node of remote control on the broker; `null` if the broker does not support it. */
async function runControl(
  { remoteControl, broker, connection, transport }: Settings,
  { queue, ...options }: ControlOptions,
): Promise<RunningControl | null> {
  const { RemoteControl } = await import('../../leader/remote-control/remote-control.ts');
  const clock = systemClock;
  const exchange = `${remoteControl.namespace}.pidbox`;
  const mailbox = await openMailbox(broker, { exchange, queue: `${queue}.${exchange}`, connection, transport, clock });
  if (!mailbox) return null;
  const stop = new AbortController();
  const running = new RemoteControl({ ...options, mailbox, clock }).run(stop.signal);
  return {
    async close() {
      stop.abort();
      await running;
    },
  };
}

interface WorkerControlOptions {
  readonly worker: ShellWorker;
  /** Such as `beat@host`. */
  readonly node: string;
  readonly shutdown: () => void;
  readonly log: Logger;
}

/** Answers Celery's remote control in `beat worker`; `null` if the broker does not support it. */
export function obeyRemoteControl(
  settings: Settings,
  { worker, node, shutdown, log }: WorkerControlOptions,
): Promise<RunningControl | null> {
  return runControl(settings, {
    node,
    log,
    // All shell workers of a host have the same name, and RabbitMQ grants a queue to only one connection.
    queue: `${node}.${randomUUID()}`,
    answer: answerAsWorker({ worker, task: settings.shell.task, node, shutdown }),
    effect: 'until then this worker ends no revoked jobs',
  });
}
