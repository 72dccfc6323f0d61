import { type Canvas, renderCanvas } from '../../celery/canvas/canvas.ts';
import { unfold } from '../../celery/canvas/unfold.ts';
import type { Entry, Occurrence } from '../catalog/entry.ts';
import { renderOptions } from '../../celery/message/template.ts';
import { prepareTask, getPrepared } from './prepare.ts';
import type { MessageContext } from './message-context.ts';
import type { RunMessages } from '../../celery/message/run-messages.ts';
import { computePartId, computeTaskId } from '../../celery/message/task-id.ts';
import { taskMessage } from './task-message.ts';

/**
 * Creates the messages of an occurrence. Relative times count from `sentAt` (epoch milliseconds), as in Celery.
 */
export function compose(
  occurrence: Occurrence,
  sentAt: number,
  messageContext: MessageContext,
): RunMessages {
  const { entry, dueAt, commandId } = occurrence;
  if (entry.canvas) return composeCanvas(entry.canvas, occurrence, sentAt, messageContext);
  const own = computeTaskId(entry.name, dueAt, messageContext.keyPrefix, commandId);
  const options = renderEntryOptions(occurrence, own);
  const taskId = options.taskId ?? own;
  const { payload, routed } =
    entry.compute || entry.render
      ? prepareTask({ ...resolveEntryArguments(occurrence, taskId), options }, messageContext)
      : getPrepared(entry, messageContext);
  const { task } = entry;
  const message = taskMessage(
    { occurrence, task, taskId, payload, routed },
    sentAt,
    messageContext,
  );
  return { taskId, messages: [message], chords: [] };
}

function composeCanvas(
  canvas: Canvas,
  occurrence: Occurrence,
  sentAt: number,
  messageContext: MessageContext,
): RunMessages {
  const { entry, dueAt, commandId } = occurrence;
  const own = computeTaskId(entry.name, dueAt, messageContext.keyPrefix, commandId);
  const context = { entry: entry.name, dueAt: new Date(dueAt), taskId: own };
  const { render } = entry;
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

/** Renders the options of an entry; they may replace `taskId`. */
function renderEntryOptions({ entry, dueAt }: Occurrence, taskId: string): Entry['options'] {
  const { render, options } = entry;
  if (!render) return options;
  const context = { entry: entry.name, dueAt: new Date(dueAt), taskId };
  return renderOptions(options, (text) => render(text, context));
}

/** Resolves the arguments of an occurrence. Throws if a function of the user throws. */
function resolveEntryArguments({ entry, dueAt }: Occurrence, taskId: string): Entry {
  const context = { entry: entry.name, dueAt: new Date(dueAt), taskId };
  return { ...entry, ...entry.compute?.(context) };
}
