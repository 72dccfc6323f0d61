import { BEAT_TASK, type Message, type MessageOptions } from '../../celery/message/message.ts';
import type { Occurrence } from '../catalog/entry.ts';
import { nextAfter } from '../../schedule/next-after.ts';
import { formatIso } from '../../util/format-iso.ts';
import { LAST_INSTANT, pythonIso } from '../../celery/message/parse-instant.ts';
import type { WorkflowRun } from '../../celery/message/run.ts';
import { buildProtocol1Body, encodeBody, type Payload } from '../../celery/message/payload.ts';
import type { Routed } from '../../celery/routing/router.ts';
import type { MessageContext } from './message-context.ts';

/** The encoded arguments and the destination of a task. */
export interface PreparedTask {
  readonly payload: Payload;
  readonly routed: Routed;
}

interface TaskOfRun extends PreparedTask {
  readonly occurrence: Occurrence;
  readonly task: string;
  readonly taskId: string;
  readonly workflow?: WorkflowRun;
}

/** Creates the message of a task. Relative times count from `sentAt` (epoch milliseconds), as in Celery. */
export function taskMessage(call: TaskOfRun, sentAt: number, messageContext: MessageContext): Message {
  const { taskId, occurrence } = call;
  const { entry, dueAt, cause = 'schedule', commandId } = occurrence;
  const { destination, options } = call.routed;
  const { payload } = call;
  const eta = computeEta(options, sentAt);
  const expires = computeExpiry(occurrence, options.expires, sentAt);
  const priority = options.priority ?? 0;

  // In Celery's order. Optional keys are assigned, because a spread inside the literal makes composing five
  // times and encoding half again as slow.
  const headers: Record<string, unknown> = {
    lang: 'js',
    task: call.task,
    id: taskId,
    shadow: options.shadow ?? null,
    eta: eta === null ? null : pythonIso(eta, messageContext.timezone),
    expires: expires === null ? null : pythonIso(expires, messageContext.timezone),
    group: options.groupId ?? null,
    group_index: options.groupIndex ?? null,
    retries: options.retries ?? 0,
    timelimit: [options.timeLimit ?? null, options.softTimeLimit ?? null],
    root_id: options.rootId ?? taskId,
    parent_id: options.parentId ?? null,
    argsrepr: options.argsrepr ?? payload.argsrepr,
    kwargsrepr: options.kwargsrepr ?? payload.kwargsrepr,
    origin: options.origin ?? messageContext.origin,
  };
  if (options.ignoreResult !== undefined) headers.ignore_result = options.ignoreResult;
  headers.replaced_task_nesting = options.replacedTaskNesting ?? 0;
  headers.stamped_headers = options.stamps ? Object.keys(options.stamps) : null;
  headers.stamps = options.stamps ?? {};

  const first = messageContext.protocol === 1;
  const encoded = first ? encodeBody(buildProtocol1Body(headers, payload.content), payload.encoding) : payload.encoded;
  const own: Record<string, unknown> = first ? {} : headers;
  own.periodic_task_name = entry.name;
  own.beat_due_at = formatIso(dueAt);
  const all = options.headers ? { ...own, ...options.headers } : own;
  if (messageContext.traceRun) {
    const { task } = call;
    const traced = { entry: entry.name, task, taskId, dueAt, cause, destination };
    Object.assign(all, messageContext.traceRun(traced));
  }
  all[BEAT_TASK] = true;
  if (encoded.compression !== null) all.compression = encoded.compression;

  const properties = {
    correlation_id: taskId,
    reply_to: options.replyTo ?? messageContext.replyTo,
    delivery_mode: options.deliveryMode ?? 2,
    ...(expires !== null && { expiration: timeToLive(expires - sentAt) }),
    priority,
  };
  return {
    taskId,
    destination,
    priority,
    headers: all,
    properties: options.properties ? { ...properties, ...options.properties } : properties,
    body: Buffer.from(encoded.body, 'latin1'),
    contentType: encoded.contentType,
    contentEncoding: encoded.contentEncoding,
    about: first ? headers : undefined,
    run: { entry: entry.name, dueAt, cause, commandId, workflow: call.workflow },
  };
}

/** A countdown of zero is ignored in favour of `eta`, as in Celery. */
function computeEta({ countdown, eta }: MessageOptions, sentAt: number): number | null {
  return countdown ? sentAt + countdown : (eta ?? null);
}

function computeExpiry(
  { entry, dueAt }: Occurrence,
  expires: MessageOptions['expires'],
  sentAt: number,
): number | null {
  if (expires === undefined) return null;
  if (expires === 'next') {
    const next = nextAfter(entry.schedule, dueAt);
    return next > LAST_INSTANT ? null : next;
  }
  return 'after' in expires ? sentAt + expires.after : expires.at;
}

/** The TTL in milliseconds; zero for a message that has expired already, which a worker revokes. */
function timeToLive(ms: number): string {
  return String(Math.max(0, Math.floor(ms)));
}
