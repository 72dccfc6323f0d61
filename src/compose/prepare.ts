import type { Entry } from '../catalog/entry.ts';
import type { Routed } from '../routing/router.ts';
import { checkArguments } from '../message/arguments.ts';
import type { Arguments } from '../message/message.ts';
import { preparePayload, type Encoding, type Payload } from '../message/payload.ts';
import type { Producer } from './message-context.ts';

/** How a task is written and where it goes. */
export interface Prepared {
  readonly payload: Payload;
  readonly routed: Routed;
}

const prepared = new WeakMap<Producer, WeakMap<Entry, Prepared>>();

/** What never changes for an entry: worked out at its first run and kept as long as the entry. */
export function preparedFor(entry: Entry, producer: Producer): Prepared {
  let ours = prepared.get(producer);
  if (!ours) prepared.set(producer, (ours = new WeakMap()));
  let found = ours.get(entry);
  if (!found) ours.set(entry, (found = prepare(entry, producer)));
  return found;
}

/** The same for arguments that were not known at load. Throws a `ConfigError` for such as cannot be sent. */
export function prepareComputed(task: Task, producer: Producer, canvas?: OfCanvas): Prepared {
  const routed = producer.router.route(task.task, task.args, task.kwargs, task.options);
  checkArguments(task.args, task.kwargs, encodingOf(routed, producer).serializer);
  return { payload: preparePayload(task, encodingOf(routed, producer), canvas), routed };
}

type Task = Arguments & Pick<Entry, 'task' | 'options'>;
type OfCanvas = Parameters<typeof preparePayload>[2];

function prepare({ task, args, kwargs, options }: Task, producer: Producer): Prepared {
  const routed = producer.router.route(task, args, kwargs, options);
  return { payload: preparePayload({ args, kwargs }, encodingOf(routed, producer)), routed };
}

function encodingOf({ options }: Routed, { encoding }: Producer): Encoding {
  const { serializer = encoding.serializer, compression = encoding.compression } = options;
  return { serializer, compression };
}
