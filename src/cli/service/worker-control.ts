import { randomUUID } from 'node:crypto';
import type { Settings } from '../../config/settings.ts';
import type { Logger } from '../../observe/logger.ts';
import { answerAsWorker } from '../../shell-worker/remote-control.ts';
import type { Worker } from '../../shell-worker/worker.ts';
import { runControl, type RunningControl } from './remote-control.ts';

export interface WorkerControlOptions {
  readonly worker: Worker;
  /** Such as `beat@host`. */
  readonly node: string;
  readonly shutdown: () => void;
  readonly log: Logger;
}

/** Obeys Celery's remote control in `beat worker`; `null` if the broker carries none. */
export function obeyRemoteControl(
  settings: Settings,
  { worker, node, shutdown, log }: WorkerControlOptions,
): Promise<RunningControl | null> {
  return runControl(settings, {
    ...{ node, log },
    // All workers of a host have one name, and RabbitMQ grants a queue to one connection.
    queue: `${node}.${randomUUID()}`,
    answer: answerAsWorker({ worker, task: settings.shell.task, node, shutdown }),
    effect: 'until then this worker ends no revoked commands',
  });
}
