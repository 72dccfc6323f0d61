import type { Entry } from '../entry.ts';
import type { Routed } from '../routing/router.ts';
import { checkArguments } from './arguments.ts';
import type { Arguments } from './message.ts';
import { preparePayload, type Payload } from './payload.ts';
import type { Producer } from './producer.ts';

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

/** Throws a `ConfigError` for arguments that cannot be sent. */
export function prepare(
  { task, args, kwargs, options }: Arguments & Pick<Entry, 'task' | 'options'>,
  { router, encoding }: Producer,
  canvas?: Parameters<typeof preparePayload>[2],
): Prepared {
  const routed = router.route(task, args, kwargs, options);
  const { serializer = encoding.serializer, compression = encoding.compression } = routed.options;
  // At load what is computed was not known yet, nor what a route says.
  checkArguments(args, kwargs, serializer);
  const payload = preparePayload({ args, kwargs }, { serializer, compression }, canvas);
  return { payload, routed };
}
