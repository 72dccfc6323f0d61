/**
 * Encodes a value of JSON as Python's pickle, protocol 2: SQLAlchemy's `PickleType`, in which Celery's database
 * backend stores results. Throws for any other value.
 */
export function encodePickle(value: unknown): Buffer {
  return Buffer.concat([Buffer.from([PROTO, 2]), ...encode(value), Buffer.from(STOP)]);
}

/** The opcodes, as in Python's `pickletools`. */
const PROTO = 0x80;
const STOP = '.';
const NONE = 'N';
const TRUE = '\x88';
const FALSE = '\x89';
const MARK = '(';
const EMPTY_LIST = ']';
const APPENDS = 'e';
const EMPTY_DICT = '}';
const SETITEMS = 'u';
const BINUNICODE = 'X';
const BINFLOAT = 'G';
const LONG = 'L';

function encode(value: unknown): Buffer[] {
  switch (typeof value) {
    case 'boolean':
      return [opcode(value ? TRUE : FALSE)];
    case 'number':
      return [encodeNumber(value)];
    case 'string':
      return encodeText(value);
    case 'object':
      return encodeObject(value);
    default:
      throw new TypeError(`a value of type ${typeof value} cannot be pickled`);
  }
}

function encodeObject(value: object | null): Buffer[] {
  if (value === null) return [opcode(NONE)];
  if (Array.isArray(value))
    return [opcode(EMPTY_LIST + MARK), ...value.flatMap(encode), opcode(APPENDS)];
  const items = Object.entries(value).flatMap(([key, item]) => [
    ...encodeText(key),
    ...encode(item),
  ]);
  return [opcode(EMPTY_DICT + MARK), ...items, opcode(SETITEMS)];
}

/** An integer as text, which has no limit; any other number as a double. */
function encodeNumber(value: number): Buffer {
  if (Number.isInteger(value) && !Object.is(value, -0)) return opcode(`${LONG}${BigInt(value)}L\n`);
  const double = Buffer.alloc(8);
  double.writeDoubleBE(value);
  return Buffer.concat([opcode(BINFLOAT), double]);
}

/** A lone surrogate becomes U+FFFD. */
function encodeText(text: string): Buffer[] {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return [opcode(BINUNICODE), length, bytes];
}

function opcode(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
