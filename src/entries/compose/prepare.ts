import type { Entry } from '../catalog/entry.ts';
import type { Routed } from '../../celery/routing/router.ts';
import { checkArguments } from '../../celery/message/arguments.ts';
import type { Arguments } from '../../celery/message/message.ts';
import { preparePayload, type Encoding, type Payload } from '../../celery/message/payload.ts';
import type { MessageContext } from './message-context.ts';

/** The encoded arguments and the destination of a task. */
export interface Prepared {
  readonly payload: Payload;
  readonly routed: Routed;
}

const prepared = new WeakMap<MessageContext, WeakMap<Entry, Prepared>>();

/** Returns the constant parts of an entry's messages, computed at its first run. */
export function getPrepared(entry: Entry, messageContext: MessageContext): Prepared {
  let ours = prepared.get(messageContext);
  if (!ours) prepared.set(messageContext, (ours = new WeakMap()));
  let found = ours.get(entry);
  if (!found) ours.set(entry, (found = prepare(entry, messageContext)));
  return found;
}

/** Encodes and routes a task whose arguments depend on the occurrence. Throws a `ConfigError` for invalid ones. */
export function prepareTask(
  task: Task,
  messageContext: MessageContext,
  canvas?: CanvasPayload,
): Prepared {
  const routed = messageContext.router.route(task.task, task.args, task.kwargs, task.options);
  checkArguments(task.args, task.kwargs, chooseEncoding(routed, messageContext).serializer);
  return { payload: preparePayload(task, chooseEncoding(routed, messageContext), canvas), routed };
}

type Task = Arguments & Pick<Entry, 'task' | 'options'>;
type CanvasPayload = Parameters<typeof preparePayload>[2];

function prepare({ task, args, kwargs, options }: Task, messageContext: MessageContext): Prepared {
  const routed = messageContext.router.route(task, args, kwargs, options);
  return {
    payload: preparePayload({ args, kwargs }, chooseEncoding(routed, messageContext)),
    routed,
  };
}

function chooseEncoding({ options }: Routed, { encoding }: MessageContext): Encoding {
  const { serializer = encoding.serializer, compression = encoding.compression } = options;
  return { serializer, compression };
}
