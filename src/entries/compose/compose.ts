import { type Canvas, renderCanvas } from '../../celery/canvas/canvas.ts';
import { unfold } from '../../celery/canvas/unfold.ts';
import { checkArguments } from '../../celery/message/arguments.ts';
import type { LazyContext } from '../../celery/message/lazy.ts';
import {
  BEAT_TASK,
  type Arguments,
  type Message,
  type MessageOptions,
  type RunMessages,
} from '../../celery/message/message.ts';
import { hasBlank, MessageForm, type FormValues } from '../../celery/message/message-form.ts';
import { LAST_INSTANT, pythonIso } from '../../celery/message/parse-instant.ts';
import {
  buildProtocol1Body,
  encodeBody,
  preparePayload,
  type Encoding,
  type Payload,
} from '../../celery/message/payload.ts';
import type { WorkflowRun } from '../../celery/message/run.ts';
import { computePartId, computeTaskId } from '../../celery/message/task-id.ts';
import { renderOptions } from '../../celery/message/template.ts';
import type { Routed } from '../../celery/routing/router.ts';
import { nextAfter } from '../../schedule/next-after.ts';
import { formatIso } from '../../util/format-iso.ts';
import type { Entry, Occurrence } from '../catalog/entry.ts';
import type { MessageContext } from './message-context.ts';

/**
 * Creates the messages of an occurrence. Relative times count from `sentAt` (epoch milliseconds), as in Celery. Throws if
 * a function of the user throws, or computes invalid arguments.
 */
export function compose(occurrence: Occurrence, sentAt: number, messageContext: MessageContext): RunMessages {
  const { entry, dueAt, commandId } = occurrence;
  const own = computeTaskId(entry.name, dueAt, messageContext.keyPrefix, commandId);
  if (entry.canvas) return composeCanvas(entry.canvas, occurrence, own, sentAt, messageContext);
  const { task, render, compute } = entry;
  const options = render
    ? renderOptions(entry.options, (text) => render(text, toContext(occurrence, own)))
    : entry.options;
  const taskId = options.taskId ?? own;
  const prepared =
    compute || render
      ? prepareTask({ ...entry, ...compute?.(toContext(occurrence, taskId)), options }, messageContext)
      : prepareOnce(entry, messageContext);
  const call = { occurrence, task, taskId, payload: prepared.payload, routed: prepared.routed, form: prepared.form };
  return { taskId, messages: [taskMessage(call, sentAt, messageContext)], chords: [] };
}

/** The messages of a scheduled run that were composed before it is due. */
export interface PreparedRun {
  readonly dueAt: number;
  readonly messageContext: MessageContext;
  readonly run: RunMessages;
}

/**
 * Creates the messages of a scheduled run before it is due; `undefined` if they depend on the time of publishing or on
 * functions of the user. Throws as `compose`.
 */
export function composeAhead(entry: Entry, dueAt: number, messageContext: MessageContext): PreparedRun | undefined {
  if (entry.canvas || entry.compute || entry.render) return undefined;
  const { form, routed } = prepareOnce(entry, messageContext);
  const { countdown, expires } = routed.options;
  if (!form || countdown || expires !== undefined) return undefined;
  return { dueAt, messageContext, run: compose({ entry, dueAt }, dueAt, messageContext) };
}

function composeCanvas(
  canvas: Canvas,
  occurrence: Occurrence,
  own: string,
  sentAt: number,
  messageContext: MessageContext,
): RunMessages {
  const { render } = occurrence.entry;
  const context = toContext(occurrence, own);
  const rendered = render ? renderCanvas(canvas, (text) => render(text, context)) : canvas;
  const { id, calls, chords } = unfold(rendered, own, {
    lazyContext: context,
    timezone: messageContext.timezone,
    replyTo: messageContext.replyTo,
    idAt: (place) => computePartId(own, place),
  });
  const workflow = { taskId: id, messages: calls.length };
  const messages = calls.map(({ given, id: taskId, options, embed, ...call }) => {
    const { task, reprAs } = call.task;
    const prepared = prepareTask({ task, ...given, options }, messageContext, { embed, reprAs });
    const part = { occurrence, task, taskId, workflow, ...prepared };
    return taskMessage(part, sentAt, messageContext);
  });
  return { taskId: id, messages, chords };
}

/** The context that templates and functions of the user receive. */
function toContext({ entry, dueAt }: Occurrence, taskId: string): LazyContext {
  return { entry: entry.name, dueAt: new Date(dueAt), taskId };
}

interface Prepared {
  readonly tasks: WeakMap<Entry, PreparedTask>;
  /** By task, destination, options and encoding. */
  readonly forms: Map<string, MessageForm>;
}

const prepared = new WeakMap<MessageContext, Prepared>();

/** Most forms: if each entry has options of its own, such as a header, its messages are composed as a whole. */
const MAX_FORMS = 1_000;

/** Returns the constant parts of the messages of an entry, computed at its first run. */
function prepareOnce(entry: Entry, messageContext: MessageContext): PreparedTask {
  let ours = prepared.get(messageContext);
  if (!ours) prepared.set(messageContext, (ours = { tasks: new WeakMap(), forms: new Map() }));
  let found = ours.tasks.get(entry);
  if (!found) {
    const { routed, encoding } = route(entry, messageContext);
    const task = { task: entry.task, payload: preparePayload(entry, encoding), routed };
    ours.tasks.set(entry, (found = { ...task, form: findForm(task, messageContext, ours.forms) }));
  }
  return found;
}

/** The form of a task's messages; `undefined` if they differ in more than the values of a form. */
function findForm(
  task: Pick<TaskOfRun, 'task' | 'payload' | 'routed'>,
  messageContext: MessageContext,
  forms: Map<string, MessageForm>,
): MessageForm | undefined {
  if (messageContext.protocol === 1 || messageContext.traceRun) return undefined;
  const { payload, routed } = task;
  const { contentType, contentEncoding, compression } = payload.encoded;
  const { origin, replyTo } = messageContext;
  const key = JSON.stringify([task.task, routed, contentType, contentEncoding, compression, origin, replyTo]);
  if (hasBlank(key)) return undefined;
  let form = forms.get(key);
  if (!form && forms.size < MAX_FORMS) {
    const { countdown, eta, expires } = routed.options;
    const has = { eta: Boolean(countdown) || eta !== undefined, expires: expires !== undefined };
    forms.set(key, (form = new MessageForm((values) => buildMessage(task, values, messageContext), has)));
  }
  return form;
}

type Task = Arguments & Pick<Entry, 'task' | 'options'>;
type CanvasPayload = Parameters<typeof preparePayload>[2];

/** Encodes and routes a task whose arguments depend on the occurrence. Throws a `ConfigError` for invalid ones. */
function prepareTask(task: Task, messageContext: MessageContext, canvas?: CanvasPayload): PreparedTask {
  const { routed, encoding } = route(task, messageContext);
  checkArguments(task.args, task.kwargs, encoding.serializer);
  return { payload: preparePayload(task, encoding, canvas), routed };
}

function route(
  { task, args, kwargs, options }: Task,
  { router, encoding }: MessageContext,
): { readonly routed: Routed; readonly encoding: Encoding } {
  const routed = router.route(task, args, kwargs, options);
  const { serializer = encoding.serializer, compression = encoding.compression } = routed.options;
  return { routed, encoding: { serializer, compression } };
}

interface PreparedTask {
  readonly payload: Payload;
  readonly routed: Routed;
  /** Absent if each message of the task is composed as a whole. */
  readonly form?: MessageForm | undefined;
}

interface TaskOfRun extends PreparedTask {
  readonly occurrence: Occurrence;
  readonly task: string;
  readonly taskId: string;
  readonly workflow?: WorkflowRun;
}

/** Creates the message of a task. Relative times count from `sentAt` (epoch milliseconds), as in Celery. */
function taskMessage(call: TaskOfRun, sentAt: number, messageContext: MessageContext): Message {
  const { occurrence, task, taskId, workflow, form } = call;
  const { entry, dueAt, cause = 'schedule', commandId } = occurrence;
  const run = { entry: entry.name, dueAt, cause, commandId, workflow };
  const values = valuesOf(call, sentAt, messageContext);
  const filled = form?.fill(values, run);
  if (filled) return filled;
  const { traceRun } = messageContext;
  const { destination } = call.routed;
  const traced = traceRun?.({ entry: entry.name, task, taskId, dueAt, cause, destination });
  return { ...buildMessage(call, values, messageContext, traced), run };
}

function valuesOf(
  { occurrence, taskId, payload, routed }: TaskOfRun,
  sentAt: number,
  context: MessageContext,
): FormValues {
  const { options } = routed;
  // A countdown of zero is ignored in favour of `eta`, as in Celery.
  const eta = options.countdown ? sentAt + options.countdown : (options.eta ?? null);
  const expires = computeExpiry(occurrence, options.expires, sentAt);
  return {
    taskId,
    entry: occurrence.entry.name,
    dueAt: formatIso(occurrence.dueAt),
    body: payload.encoded.body,
    argsrepr: options.argsrepr ?? payload.argsrepr,
    kwargsrepr: options.kwargsrepr ?? payload.kwargsrepr,
    eta: eta === null ? null : pythonIso(eta, context.timezone),
    expires: expires === null ? null : pythonIso(expires, context.timezone),
    // The TTL in milliseconds; zero for a message that has expired already, which a worker revokes.
    expiration: expires === null ? null : String(Math.max(0, Math.floor(expires - sentAt))),
  };
}

function buildMessage(
  { task, payload, routed }: Pick<TaskOfRun, 'task' | 'payload' | 'routed'>,
  values: FormValues,
  { origin, replyTo, protocol }: MessageContext,
  traced?: Readonly<Record<string, string>>,
): Omit<Message, 'run'> {
  const { destination, options } = routed;
  const { taskId } = values;
  const priority = options.priority ?? 0;

  // In Celery's order. Optional keys are assigned, because a spread inside the literal makes composing five
  // times and encoding half again as slow.
  const headers: Record<string, unknown> = {
    lang: 'js',
    task,
    id: taskId,
    shadow: options.shadow ?? null,
    eta: values.eta,
    expires: values.expires,
    group: options.groupId ?? null,
    group_index: options.groupIndex ?? null,
    retries: options.retries ?? 0,
    timelimit: [options.timeLimit ?? null, options.softTimeLimit ?? null],
    root_id: options.rootId ?? taskId,
    parent_id: options.parentId ?? null,
    argsrepr: values.argsrepr,
    kwargsrepr: values.kwargsrepr,
    origin: options.origin ?? origin,
  };
  if (options.ignoreResult !== undefined) headers.ignore_result = options.ignoreResult;
  headers.replaced_task_nesting = options.replacedTaskNesting ?? 0;
  headers.stamped_headers = options.stamps ? Object.keys(options.stamps) : null;
  headers.stamps = options.stamps ?? {};

  const first = protocol === 1;
  const encoded = first
    ? encodeBody(buildProtocol1Body(headers, payload.content), payload.encoding)
    : { ...payload.encoded, body: values.body };
  const own: Record<string, unknown> = first ? {} : headers;
  own.periodic_task_name = values.entry;
  own.beat_due_at = values.dueAt;
  const all = options.headers ? { ...own, ...options.headers } : own;
  if (traced) Object.assign(all, traced);
  all[BEAT_TASK] = true;
  if (encoded.compression !== null) all.compression = encoded.compression;

  const properties = {
    correlation_id: taskId,
    reply_to: options.replyTo ?? replyTo,
    delivery_mode: options.deliveryMode ?? 2,
    ...(values.expiration !== null && { expiration: values.expiration }),
    priority,
  };
  return {
    taskId,
    destination,
    priority,
    headers: all,
    properties: options.properties ? { ...properties, ...options.properties } : properties,
    body: Buffer.from(encoded.body, 'base64'),
    contentType: encoded.contentType,
    contentEncoding: encoded.contentEncoding,
    about: first ? headers : undefined,
  };
}

function computeExpiry({ entry, dueAt }: Occurrence, expires: MessageOptions['expires'], sentAt: number) {
  if (expires === undefined) return null;
  if (expires === 'next') {
    const next = nextAfter(entry.schedule, dueAt);
    return next > LAST_INSTANT ? null : next;
  }
  return 'after' in expires ? sentAt + expires.after : expires.at;
}
