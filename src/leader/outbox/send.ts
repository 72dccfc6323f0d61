import type { Broker } from '../../contracts/broker/broker.ts';
import type { OutboxMessage } from '../../contracts/store/outbox.ts';
import type { MessageStates, Rejections } from './message-states.ts';

/** Those of the messages that the broker may be asked to publish: new, rejected before, or without an answer. */
export function selectUnsent(
  states: MessageStates,
  messages: readonly OutboxMessage[],
): readonly OutboxMessage[] {
  return messages.filter((message) => {
    const { kind } = states.get(message);
    return kind === 'pending' || kind === 'rejected';
  });
}

/**
 * Sends the unsent ones of the messages to the broker, and waits for the answers about all of them. Resolves with
 * the rejected ones. Rejects if there is no answer about some of them: they are unsent again.
 */
export async function send(
  broker: Broker,
  states: MessageStates,
  messages: readonly OutboxMessage[],
): Promise<Rejections> {
  const unsent = selectUnsent(states, messages);
  if (unsent.length > 0) startSending(broker, states, unsent);
  const answers = new Set<Promise<Rejections>>();
  for (const message of messages) {
    const state = states.get(message);
    if (state.kind === 'publishing') answers.add(state.answer);
  }
  const rejections = new Map((await Promise.all(answers)).flatMap((each) => [...each]));
  if (rejections.size === 0) return rejections;
  const ids = new Set(messages.map(({ id }) => id));
  return new Map([...rejections].filter(([id]) => ids.has(id)));
}

function startSending(
  broker: Broker,
  states: MessageStates,
  messages: readonly OutboxMessage[],
): void {
  const before = messages.map((message) => states.get(message));
  const answer = broker.publish(messages.map(({ message }) => message)).then(
    (rejected) => {
      const byMessage = new Map(rejected.map((each) => [each.message, each]));
      const rejections = new Map();
      for (const message of messages) {
        const rejection = byMessage.get(message.message);
        states.set(message, { kind: rejection ? 'rejected' : 'confirmed' });
        if (rejection) rejections.set(message.id, rejection);
      }
      return rejections;
    },
    (error: unknown) => {
      for (const [i, message] of messages.entries()) states.set(message, before[i]!);
      throw error;
    },
  );
  for (const message of messages) states.set(message, { kind: 'publishing', answer });
}
