import type { Canvas } from '../canvas/canvas.ts';
import { filledCanvas } from '../canvas/filled.ts';
import { unfold } from '../canvas/unfold.ts';
import type { Entry, Occurrence } from '../catalog/entry.ts';
import { filledOptions } from '../message/fill-options.ts';
import { prepareComputed, preparedFor } from './prepare.ts';
import type { Producer } from './message-context.ts';
import type { Run } from '../message/run.ts';
import { partIdOf, taskIdOf } from '../message/task-id.ts';
import { taskMessage } from './task-message.ts';

/**
 * What an occurrence sends at `sentAt` (epoch milliseconds). Relative times count from `sentAt`, as in
 * Celery.
 */
export function compose(occurrence: Occurrence, sentAt: number, producer: Producer): Run {
  const { entry, dueAt, commandId } = occurrence;
  if (entry.canvas) return composeCanvas(entry.canvas, occurrence, sentAt, producer);
  const own = taskIdOf(entry.name, dueAt, producer.keyPrefix, commandId);
  const options = filledFor(occurrence, own);
  const taskId = options.taskId ?? own;
  const { payload, routed } =
    entry.compute || entry.fill
      ? prepareComputed({ ...computed(occurrence, taskId), options }, producer)
      : preparedFor(entry, producer);
  const { task } = entry;
  const message = taskMessage({ occurrence, task, taskId, payload, routed }, sentAt, producer);
  return { taskId, messages: [message], chords: [] };
}

function composeCanvas(
  canvas: Canvas,
  occurrence: Occurrence,
  sentAt: number,
  producer: Producer,
): Run {
  const { entry, dueAt, commandId } = occurrence;
  const own = taskIdOf(entry.name, dueAt, producer.keyPrefix, commandId);
  const context = { entry: entry.name, dueAt: new Date(dueAt), taskId: own };
  const { fill } = entry;
  const filled = fill ? filledCanvas(canvas, (text) => fill(text, context)) : canvas;
  const { id, calls, chords } = unfold(filled, own, {
    context,
    timezone: producer.timezone,
    replyTo: producer.replyTo,
    idAt: (place) => partIdOf(own, place),
  });
  const messages = calls.map(({ given, id: taskId, options, embed, ...call }) => {
    const { task, shown } = call.task;
    const prepared = prepareComputed({ task, ...given, options }, producer, { embed, shown });
    return taskMessage({ occurrence, task, taskId, ...prepared }, sentAt, producer);
  });
  return { taskId: id, messages, chords };
}

/** The entry's options for this occurrence, whose own id is not yet known to differ from `taskId`. */
function filledFor({ entry, dueAt }: Occurrence, taskId: string): Entry['options'] {
  const { fill, options } = entry;
  if (!fill) return options;
  const context = { entry: entry.name, dueAt: new Date(dueAt), taskId };
  return filledOptions(options, (text) => fill(text, context));
}

/** The entry with the arguments of this occurrence. Throws when they cannot be worked out. */
function computed({ entry, dueAt }: Occurrence, taskId: string): Entry {
  const context = { entry: entry.name, dueAt: new Date(dueAt), taskId };
  return { ...entry, ...entry.compute?.(context) };
}
