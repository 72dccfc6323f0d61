import type { Protocol } from '../../connection/guard.ts';

/** What a server may begin with: answers to a wish for TLS (`S`, `N`), authentication, errors, notices, negotiation. */
const FIRST = 'SNREv';

export const POSTGRESQL: Protocol = {
  name: 'PostgreSQL',
  opensWith: (bytes) => {
    if (!FIRST.includes(String.fromCharCode(bytes[0]!))) return false;
    // A message, other than the one byte about TLS, goes on with its length: "SSH-" and "RTSP" do not.
    return bytes.length === 1 || bytes[1] === 0;
  },
};

/** Within TLS: what answers there has been asked in PostgreSQL's own way before. */
export const ENCRYPTED: Protocol = { ...POSTGRESQL, opensWith: () => true };
