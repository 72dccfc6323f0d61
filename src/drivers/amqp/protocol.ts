import type { Protocol } from '../connection/guard.ts';

/** RabbitMQ begins with a frame: a method (1) on channel 0. */
const METHOD_FRAME = [1, 0, 0];

/** A server of another version of AMQP answers with the header of its own, and is not spoken to. */
export const AMQP: Protocol = {
  name: 'AMQP 0-9-1',
  opensWith: (bytes) => METHOD_FRAME.every((byte, i) => (bytes[i] ?? byte) === byte),
};
