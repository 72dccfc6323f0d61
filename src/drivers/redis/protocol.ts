import { PeerError, type Protocol } from '../connection/guard.ts';

/** The most items that the arrays of one answer may announce: the client makes room for them at once. */
const MOST_ITEMS = 1_000_000;

/** Arrays in arrays in arrays: beat asks for nothing that is nested deeper. */
const DEEPEST = 32;

/** A line that announces a length; no number of that many digits is one. */
const LONGEST_HEADER = 32;

/** The Redis serialization protocol, version 2. */
export const REDIS: Protocol = {
  name: 'Redis',
  opensWith: (bytes) => '+-:$*'.includes(String.fromCharCode(bytes[0]!)),
  limits: (answered) => {
    const reader = new ReplyReader(answered);
    return (chunk) => reader.read(chunk);
  },
};

const [DOLLAR, STAR, LINE_END] = Buffer.from('$*\n');

/** Follows the lengths that replies announce, and throws for what the client could not bear. It keeps no reply. */
class ReplyReader {
  /** Items that are still to come, by depth. */
  readonly #open: number[] = [];
  #items = 0;
  /** Bytes of a bulk string that are still to come, its line end included. */
  #skip = 0;
  /** Whether the rest of a line is to come, of which nothing is of interest. */
  #inText = false;
  /** The beginning of a header line whose end is in the next chunk. */
  #header = '';
  readonly #answered: () => void;

  constructor(answered: () => void) {
    this.#answered = answered;
  }

  read(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#skip > 0) {
        const taken = Math.min(this.#skip, chunk.length - at);
        this.#skip -= taken;
        at += taken;
        if (this.#skip === 0) this.#complete();
        continue;
      }
      const end = chunk.indexOf(LINE_END!, at);
      const next = end < 0 ? chunk.length : end + 1;
      this.#readLine(chunk, at, next, end >= 0);
      at = next;
    }
  }

  /** Status, error and number are whole lines; a bulk string and an array begin with a line that says how long. */
  #readLine(chunk: Buffer, from: number, to: number, isWhole: boolean): void {
    const isHeader = this.#header !== '' || chunk[from] === DOLLAR || chunk[from] === STAR;
    if (this.#inText || !isHeader) {
      this.#inText = !isWhole;
      if (isWhole) this.#complete();
      return;
    }
    if (this.#header.length + to - from > LONGEST_HEADER)
      throw tooMuch('a length of too many digits');
    this.#header += chunk.toString('latin1', from, to);
    if (!isWhole) return;
    const length = Number(this.#header.slice(1));
    const isArray = this.#header.startsWith('*');
    this.#header = '';
    if (!Number.isSafeInteger(length)) throw tooMuch('a length that is no number');
    if (!isArray && length >= 0) this.#skip = length + 2;
    else if (isArray && length > 0) this.#enter(length);
    else this.#complete();
  }

  #enter(length: number): void {
    this.#items += length;
    if (this.#items > MOST_ITEMS) throw tooMuch(`an answer of more than ${MOST_ITEMS} items`);
    this.#open.push(length);
    if (this.#open.length > DEEPEST) throw tooMuch(`arrays nested more than ${DEEPEST} deep`);
  }

  /** One value is complete, and with it perhaps the arrays that it is the last of. */
  #complete(): void {
    while (this.#open.length > 0) {
      const left = this.#open.pop()! - 1;
      if (left > 0) return void this.#open.push(left);
    }
    this.#items = 0;
    this.#answered();
  }
}

function tooMuch(what: string): PeerError {
  return new PeerError(`the server announced ${what}`);
}
