import { defineDriver, encodeEnvelope } from 'celery-beat';

/**
 * Publishes to a service that takes one message in each POST to /queues/NAME, and answers 204, or 422 with the reason
 * why it would not take the message a second time either.
 */
export const httpQueue = defineDriver({
  schemes: ['queue+http', 'queue+https'],
  title: 'the queue service',
  open({ url, queuesFor }) {
    const base = new URL(url.replace(/^queue\+/, ''));

    const post = async (message, queue, signal) => {
      const response = await fetch(new URL(`/queues/${encodeURIComponent(queue)}`, base), {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': message.taskId },
        body: encodeEnvelope(message, message.taskId),
        signal,
      });
      const text = await response.text();
      if (response.status === 422) return text;
      // beat repeats the batch: the service drops what it has by the idempotency key.
      if (!response.ok) throw new Error(`${response.status} ${response.statusText} from ${base.host}`);
      return null;
    };

    return {
      async publish(messages, signal) {
        const rejected = [];
        for (const message of messages) {
          const queues = queuesFor(message.destination);
          if (queues.length === 0) rejected.push({ message, reason: 'no queue in taskQueues is bound to it' });
          for (const queue of queues) {
            const reason = await post(message, queue, signal);
            if (reason !== null) rejected.push({ message, reason });
          }
        }
        return rejected;
      },
    };
  },
});
