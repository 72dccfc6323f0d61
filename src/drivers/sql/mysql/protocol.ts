import type { Protocol } from '../../connection/guard.ts';

/** The version of the protocol that a greeting begins with, and the mark of an error in its place. */
const [VERSION, ERROR] = [10, 0xff];

/** A greeting is one short packet: three bytes of length, its number (0), and then what it is. */
export const MYSQL: Protocol = {
  name: 'MySQL',
  opensWith: (bytes) =>
    (bytes.length < 3 || bytes[2] === 0) &&
    (bytes.length < 4 || bytes[3] === 0) &&
    (bytes.length < 5 || bytes[4] === VERSION || bytes[4] === ERROR),
};

/** Within TLS: the greeting came before. */
export const ENCRYPTED: Protocol = { ...MYSQL, opensWith: () => true };
