import type { Consumer, ConsumerOptions } from '../../contracts/broker/consumer.ts';
import { createPollingConsumer } from '../polling/polling-consumer.ts';
import type { Message } from '../../celery/message/message.ts';
import { findMemory } from './store.ts';

export function openMemoryConsumer({ server, from, clock }: ConsumerOptions): Consumer {
  const { messages } = findMemory(server);
  const open = new Set<Message>();
  const requeue = (message: Message) => {
    if (open.delete(message)) messages.unshift(message);
  };
  const queues = {
    async take() {
      const at = messages.findIndex(({ destination }) => from.includes(destination.queue ?? ''));
      const [message] = at < 0 ? [] : messages.splice(at, 1);
      if (!message) return null;
      open.add(message);
      return { id: message, queue: message.destination.queue ?? '', message };
    },
    ack: async (message: Message) => open.delete(message),
    requeue: async (message: Message) => requeue(message),
    renew: async () => {},
    restore: async () => {},
    close: async () => open.forEach(requeue),
  };
  return createPollingConsumer(queues, clock);
}
