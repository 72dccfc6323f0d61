import type { Protocol } from '../../connection/guard.ts';

/** The protocol version that a greeting begins with, and the mark of an error in its place. */
const [VERSION, ERROR] = [10, 0xff];

/** A greeting is one short packet: three bytes of length, its sequence number (0), and its first byte. */
export const MYSQL: Protocol = {
  name: 'MySQL',
  opensWith: (bytes) =>
    (bytes.length < 3 || bytes[2] === 0) &&
    (bytes.length < 4 || bytes[3] === 0) &&
    (bytes.length < 5 || bytes[4] === VERSION || bytes[4] === ERROR),
};

/** Within TLS, where no greeting follows. */
export const ENCRYPTED: Protocol = { ...MYSQL, opensWith: () => true };
