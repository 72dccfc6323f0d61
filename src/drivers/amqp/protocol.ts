import type { Protocol } from '../connection/guard.ts';

/** RabbitMQ begins with a frame: a method (1) on channel 0. */
const METHOD_FRAME = [1, 0, 0];

/** AMQP 0-9-1. A server of another version answers with its own protocol header, which does not match. */
export const AMQP: Protocol = {
  name: 'AMQP 0-9-1',
  opensWith: (bytes) => METHOD_FRAME.every((byte, i) => (bytes[i] ?? byte) === byte),
};
