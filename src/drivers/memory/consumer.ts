import type { Consumer, ConsumerOptions, Delivery } from '../../broker/consumer.ts';
import type { Message } from '../../message/message.ts';
import { findMemory } from './store.ts';

/** How often an idle consumer polls. Milliseconds. */
const POLL_INTERVAL = 20;

/** Consumes the messages of the stores in memory that have the same name. */
export function openMemoryConsumer({ server, from, clock }: ConsumerOptions): Consumer {
  const { messages } = findMemory(server);
  const open = new Set<Message>();
  const take = (): Delivery | null => {
    const at = messages.findIndex(({ destination }) => from.includes(destination.queue ?? ''));
    const [message] = at < 0 ? [] : messages.splice(at, 1);
    if (!message) return null;
    open.add(message);
    return {
      queue: message.destination.queue ?? '',
      message,
      ack: async () => open.delete(message),
      requeue: async () => requeue(message),
    };
  };
  const requeue = (message: Message) => {
    if (open.delete(message)) messages.unshift(message);
  };
  return {
    async receive(signal) {
      while (!signal.aborted) {
        const delivery = take();
        if (delivery) return delivery;
        await clock.sleep(POLL_INTERVAL, signal);
      }
      return null;
    },
    cancel: async () => {},
    close: async () => open.forEach(requeue),
  };
}
