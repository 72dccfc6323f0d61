import type { ConfirmChannel } from 'amqplib';
import type { Message } from '../../message/message.ts';
import { propertiesOf } from './properties.ts';

/**
 * What became of a message. An error says why there is no place for it: it cannot be said in AMQP, or
 * RabbitMQ closed the channel over it or over its exchange.
 */
export type Fate = 'taken' | 'nacked' | 'unroutable' | Error;

const ACCESS_REFUSED = 403;
const NOT_FOUND = 404;
const PRECONDITION_FAILED = 406;

const codeOf = (error: Error) => (error as { code?: unknown }).code;

/** Whether RabbitMQ said that there is no such exchange. */
export function isMissing(error: Error): boolean {
  return codeOf(error) === NOT_FOUND;
}

/** Whether RabbitMQ found a message wrong, or that what was declared stands there made otherwise. */
export function isPrecondition(error: Error): boolean {
  return codeOf(error) === PRECONDITION_FAILED;
}

/** Whether the user lacks a permission. */
export function isDenied(error: Error): boolean {
  return codeOf(error) === ACCESS_REFUSED;
}

/** Whether RabbitMQ closed a channel for what was sent on it: nothing is wrong with the connection. */
export function isAboutMessages(error: Error): boolean {
  return isMissing(error) || isPrecondition(error) || isDenied(error);
}

/**
 * The channel of all messages to one exchange. RabbitMQ closes the channel of whoever sends to an exchange
 * that is not there: with a channel of its own that hits no message to another.
 */
export class Lane {
  readonly #channel: ConfirmChannel;
  readonly #heard: () => void;
  /** How many came back, by routing key and task, that are not yet confirmed: a return precedes its confirm. */
  readonly #returned = new Map<string, number>();
  #closedBy: Error | null = null;

  /** `heard` is called for every message that RabbitMQ answers for, `closed` if it closes the channel. */
  constructor(channel: ConfirmChannel, heard: () => void, closed: (why: Error) => void) {
    this.#channel = channel;
    this.#heard = heard;
    channel.on('error', (error: Error) => {
      this.#closedBy = error;
      closed(error);
    });
    channel.on('return', ({ fields, properties }) => {
      const key = keyOf(fields.routingKey, String(properties.correlationId));
      this.#returned.set(key, (this.#returned.get(key) ?? 0) + 1);
    });
  }

  /**
   * Resolves once every message was answered for, in their order; never, if the channel ends for a reason
   * that lies elsewhere. Unless it is `mandatory` a message for which there is no queue is taken.
   */
  send(messages: readonly Message[], mandatory: boolean): Promise<readonly Fate[]> {
    const all = Promise.withResolvers<readonly Fate[]>();
    const fates: Fate[] = [];
    let left = messages.length;
    const meets = (i: number, fate: Fate): void => {
      fates[i] = fate;
      this.#heard();
      left -= 1;
      if (left === 0) all.resolve(fates);
    };
    messages.forEach((message, i) => {
      try {
        this.#publish(message, mandatory, (fate) => {
          meets(i, fate);
        });
      } catch (error) {
        meets(i, this.#closedBy ?? (error as Error));
      }
    });
    return all.promise;
  }

  #publish(message: Message, mandatory: boolean, meets: (fate: Fate) => void): void {
    const { destination, body } = message;
    const options = { ...propertiesOf(message), mandatory };
    const answer = (error?: Error | null) => {
      if (!error) meets(this.#cameBack(message) ? 'unroutable' : 'taken');
      else if (error.message === 'message nacked') meets('nacked');
      // The other error is that the channel was closed.
      else if (this.#closedBy && isAboutMessages(this.#closedBy)) meets(this.#closedBy);
    };
    this.#channel.publish(destination.exchange, destination.routingKey, body, options, answer);
  }

  #cameBack({ destination, properties }: Message): boolean {
    const key = keyOf(destination.routingKey, String(properties.correlation_id));
    const count = this.#returned.get(key) ?? 0;
    if (count > 1) this.#returned.set(key, count - 1);
    else this.#returned.delete(key);
    return count > 0;
  }
}

function keyOf(routingKey: string, correlationId: string): string {
  return `${routingKey}\0${correlationId}`;
}
