import { type Canvas, renderCanvas } from '../../celery/canvas/canvas.ts';
import { unfold } from '../../celery/canvas/unfold.ts';
import { checkArguments } from '../../celery/message/arguments.ts';
import type { LazyContext } from '../../celery/message/lazy.ts';
import type { Arguments, RunMessages } from '../../celery/message/message.ts';
import { preparePayload, type Encoding } from '../../celery/message/payload.ts';
import { computePartId, computeTaskId } from '../../celery/message/task-id.ts';
import { renderOptions } from '../../celery/message/template.ts';
import type { Routed } from '../../celery/routing/router.ts';
import type { Entry, Occurrence } from '../catalog/entry.ts';
import type { MessageContext } from './message-context.ts';
import { taskMessage, type PreparedTask } from './task-message.ts';

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
  const call = { occurrence, task, taskId, payload: prepared.payload, routed: prepared.routed };
  return { taskId, messages: [taskMessage(call, sentAt, messageContext)], chords: [] };
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

const prepared = new WeakMap<MessageContext, WeakMap<Entry, PreparedTask>>();

/** Returns the constant parts of the messages of an entry, computed at its first run. */
function prepareOnce(entry: Entry, messageContext: MessageContext): PreparedTask {
  let ours = prepared.get(messageContext);
  if (!ours) prepared.set(messageContext, (ours = new WeakMap()));
  let found = ours.get(entry);
  if (!found) {
    const { routed, encoding } = route(entry, messageContext);
    ours.set(entry, (found = { payload: preparePayload(entry, encoding), routed }));
  }
  return found;
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
