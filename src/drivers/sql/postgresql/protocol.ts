import type { Protocol } from '../../connection/guard.ts';

/** The first byte of a server: an answer about TLS (`S`, `N`), authentication, an error, a notice, or negotiation. */
const FIRST = 'SNREv';

export const POSTGRESQL: Protocol = {
  name: 'PostgreSQL',
  opensWith: (bytes) => {
    if (!FIRST.includes(String.fromCharCode(bytes[0]!))) return false;
    // Except for the single byte about TLS, the length follows: "SSH-" and "RTSP" are other protocols.
    return bytes.length === 1 || bytes[1] === 0;
  },
};

/** Within TLS, which only a PostgreSQL server agrees to. */
export const ENCRYPTED: Protocol = { ...POSTGRESQL, opensWith: () => true };
