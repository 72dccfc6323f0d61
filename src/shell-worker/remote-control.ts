import { constants } from 'node:os';
import type { ShellWorker } from './shell-worker.ts';
import type { AnswerRequest, ControlRequest } from '../leader/remote-control/remote-control.ts';

export interface WorkerRequestsOptions {
  readonly worker: Pick<ShellWorker, 'active' | 'revoked' | 'revoke' | 'terminate'>;
  readonly task: string;
  /** Such as `beat@host`. */
  readonly node: string;
  readonly shutdown: () => void;
}

/** Answers the remote control commands of Celery that a shell worker needs, as Celery's workers do. */
export function answerAsWorker(options: WorkerRequestsOptions): AnswerRequest {
  const { worker, shutdown } = options;
  const methods = new Map<string, AnswerRequest>([
    ['ping', () => ({ ok: 'pong' })],
    ['active', () => listActive(options)],
    ['revoked', () => worker.revoked],
    ['revoke', (request) => revoke(request, worker, request.arguments['terminate'] === true)],
    ['terminate', (request) => revoke(request, worker, true)],
    ['shutdown', () => (shutdown(), null)],
  ]);
  return (request) => methods.get(request.method)?.(request) ?? null;
}

function revoke({ arguments: given }: ControlRequest, worker: WorkerRequestsOptions['worker'], terminates: boolean) {
  const taskIds = [given['task_id']].flat().filter((id) => typeof id === 'string');
  if (!terminates) {
    worker.revoke(taskIds);
    return { ok: `tasks ${taskIds.join(', ')} flagged as revoked` };
  }
  const signal = parseSignal(given['signal'] ?? 'SIGTERM');
  if (!signal) return { error: `unknown signal ${JSON.stringify(given['signal'])}` };
  const ended = worker.terminate(taskIds, signal);
  return { ok: `terminate: ${ended.length === 0 ? 'tasks unknown' : ended.join(', ')}` };
}

/** Parses a signal as users of Celery write it: `SIGTERM`, `term`, 15. */
function parseSignal(value: unknown): NodeJS.Signals | null {
  const all = Object.entries(constants.signals) as [NodeJS.Signals, number][];
  const name = typeof value === 'string' ? value.toUpperCase() : '';
  const found = all.find(([each, number]) => [each, each.slice(3)].includes(name) || number === value);
  return found?.[0] ?? null;
}

/** Lists the running jobs without their environment and input, which may contain secrets. */
function listActive({ worker, task, node }: WorkerRequestsOptions): unknown {
  return worker.active.map(({ taskId, command, queue, startedAt }) => ({
    id: taskId,
    name: task,
    args: [],
    kwargs: { command },
    type: task,
    hostname: node,
    time_start: startedAt / 1_000,
    acknowledged: false,
    delivery_info: { exchange: '', routing_key: queue, priority: 0, redelivered: null },
  }));
}
