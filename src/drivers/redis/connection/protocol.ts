import { PeerError, type Protocol } from '../../connection/guard.ts';

/** The most items that the arrays of one reply may announce: the client allocates memory for them at once. */
const MAX_ITEMS = 1_000_000;

/** The deepest nesting of arrays; no command of beat has a deeper reply. */
const MAX_DEPTH = 32;

/** The most characters of a line that announces a length. */
const MAX_HEADER = 32;

/** RESP, version 2. */
export const REDIS: Protocol = {
  name: 'Redis',
  opensWith: (bytes) => '+-:$*'.includes(String.fromCharCode(bytes[0]!)),
  limits: createReplyReader,
};

const [DOLLAR, STAR, LINE_END] = Buffer.from('$*\n');

/** Tracks the lengths that replies announce, and throws if one exceeds the client's limits. Stores no reply. */
function createReplyReader(answered: () => void): (chunk: Buffer) => void {
  /** Items that are expected, by depth. */
  const open: number[] = [];
  let items = 0;
  /** Remaining bytes of a bulk string, including its line end. */
  let skip = 0;
  /** Whether the rest of a status, error or number line is expected. */
  let inText = false;
  /** The start of a header line that ends in a later chunk. */
  let header = '';

  /** Status, error and number are whole lines; a bulk string and an array begin with a line that has their length. */
  const readLine = (chunk: Buffer, from: number, to: number, isWhole: boolean): void => {
    const isHeader = header !== '' || chunk[from] === DOLLAR || chunk[from] === STAR;
    if (inText || !isHeader) {
      inText = !isWhole;
      if (isWhole) complete();
      return;
    }
    if (header.length + to - from > MAX_HEADER) throw limitError('a length of too many digits');
    header += chunk.toString('latin1', from, to);
    if (!isWhole) return;
    const length = Number(header.slice(1));
    const isArray = header.startsWith('*');
    header = '';
    if (!Number.isSafeInteger(length)) throw limitError('a length that is not a number');
    if (!isArray && length >= 0) skip = length + 2;
    else if (isArray && length > 0) enter(length);
    else complete();
  };

  const enter = (length: number): void => {
    items += length;
    if (items > MAX_ITEMS) throw limitError(`a reply of more than ${MAX_ITEMS} items`);
    open.push(length);
    if (open.length > MAX_DEPTH) throw limitError(`arrays nested more than ${MAX_DEPTH} deep`);
  };

  /** Counts a complete value, and completes each array that ends with this value. */
  const complete = (): void => {
    while (open.length > 0) {
      const left = open.pop()! - 1;
      if (left > 0) return void open.push(left);
    }
    items = 0;
    answered();
  };

  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      if (skip > 0) {
        const skipped = Math.min(skip, chunk.length - at);
        skip -= skipped;
        at += skipped;
        if (skip === 0) complete();
        continue;
      }
      const end = chunk.indexOf(LINE_END!, at);
      const next = end < 0 ? chunk.length : end + 1;
      readLine(chunk, at, next, end >= 0);
      at = next;
    }
  };
}

function limitError(what: string): PeerError {
  return new PeerError(`the server announced ${what}`);
}
