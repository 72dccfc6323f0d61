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
  limits: (answered) => {
    const reader = new ReplyReader(answered);
    return (chunk) => reader.read(chunk);
  },
};

const [DOLLAR, STAR, LINE_END] = Buffer.from('$*\n');

/** Tracks the lengths that replies announce, and throws if one exceeds the client's limits. Stores no reply. */
class ReplyReader {
  /** Items that are expected, by depth. */
  readonly #open: number[] = [];
  #items = 0;
  /** Remaining bytes of a bulk string, including its line end. */
  #skip = 0;
  /** Whether the rest of a status, error or number line is expected. */
  #inText = false;
  /** The start of a header line that ends in a later chunk. */
  #header = '';
  readonly #answered: () => void;

  constructor(answered: () => void) {
    this.#answered = answered;
  }

  read(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, chunk.length - at);
        this.#skip -= skipped;
        at += skipped;
        if (this.#skip === 0) this.#complete();
        continue;
      }
      const end = chunk.indexOf(LINE_END!, at);
      const next = end < 0 ? chunk.length : end + 1;
      this.#readLine(chunk, at, next, end >= 0);
      at = next;
    }
  }

  /** Status, error and number are whole lines; a bulk string and an array begin with a line that has their length. */
  #readLine(chunk: Buffer, from: number, to: number, isWhole: boolean): void {
    const isHeader = this.#header !== '' || chunk[from] === DOLLAR || chunk[from] === STAR;
    if (this.#inText || !isHeader) {
      this.#inText = !isWhole;
      if (isWhole) this.#complete();
      return;
    }
    if (this.#header.length + to - from > MAX_HEADER) throw limitError('a length of too many digits');
    this.#header += chunk.toString('latin1', from, to);
    if (!isWhole) return;
    const length = Number(this.#header.slice(1));
    const isArray = this.#header.startsWith('*');
    this.#header = '';
    if (!Number.isSafeInteger(length)) throw limitError('a length that is not a number');
    if (!isArray && length >= 0) this.#skip = length + 2;
    else if (isArray && length > 0) this.#enter(length);
    else this.#complete();
  }

  #enter(length: number): void {
    this.#items += length;
    if (this.#items > MAX_ITEMS) throw limitError(`a reply of more than ${MAX_ITEMS} items`);
    this.#open.push(length);
    if (this.#open.length > MAX_DEPTH) throw limitError(`arrays nested more than ${MAX_DEPTH} deep`);
  }

  /** Counts a complete value, and completes each array that ends with this value. */
  #complete(): void {
    while (this.#open.length > 0) {
      const left = this.#open.pop()! - 1;
      if (left > 0) return void this.#open.push(left);
    }
    this.#items = 0;
    this.#answered();
  }
}

function limitError(what: string): PeerError {
  return new PeerError(`the server announced ${what}`);
}
