import { isUtf8 } from 'node:buffer';
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  type Stats,
  realpathSync,
  statSync,
  type BigIntStats,
} from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';

/** Why a file cannot be read, as the rest of a sentence after its name. */
export class Unreadable extends Error {
  readonly line: number | undefined;

  constructor(message: string, line?: number) {
    super(message);
    this.line = line;
  }
}

/** Reads a regular file. Throws `Unreadable` for large files, endless devices and FIFOs, which wait for a writer. */
export async function readBytes(path: string, maxSize: number): Promise<Buffer> {
  // Without O_NONBLOCK opening a FIFO would wait.
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  checkRegular(await file.stat(), maxSize, 'BEAT_MAX_CONFIG_SIZE allows');
  return await file.readFile();
}

/** Reads a small file synchronously. `allowed` completes "more than the 5 that …". */
export function readBytesSync(path: string, maxSize: number, allowed: string): Buffer {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    checkRegular(fstatSync(file), maxSize, allowed);
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

function checkRegular(stats: Stats, maxSize: number, allowed: string): void {
  if (!stats.isFile()) throw new Unreadable(`is ${describeKind(stats)}, not a file`);
  if (stats.size <= maxSize) return;
  throw new Unreadable(`has ${stats.size} bytes, more than the ${maxSize} that ${allowed}`);
}

function describeKind(stats: Stats): string {
  if (stats.isFIFO()) return 'a FIFO';
  if (stats.isDirectory()) return 'a folder';
  return stats.isSocket() ? 'a socket' : 'a device';
}

/** Decodes UTF-8 without its byte order mark. Throws `Unreadable` with the line of the first invalid byte. */
export function decode(bytes: Buffer): string {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw new Unreadable('is UTF-16; save it as UTF-8', 1);
  }
  if (!isUtf8(bytes)) throw new Unreadable('is not UTF-8 from here on; save it as UTF-8', findInvalidLine(bytes));
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}

/** Each line can be checked alone, because other characters do not contain the byte of a line feed. */
function findInvalidLine(bytes: Buffer): number {
  let line = 1;
  let from = 0;
  for (;;) {
    const end = bytes.indexOf(0x0a, from);
    if (end === -1 || !isUtf8(bytes.subarray(from, end))) return line;
    line += 1;
    from = end + 1;
  }
}

/** Changes with the file: real path (a ConfigMap swaps a link), inode, size, time of modification, or its error. */
export async function stampFile(path: string): Promise<string> {
  try {
    return format(await realpath(path), await stat(path, { bigint: true }));
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

export function stampFileSync(path: string): string {
  try {
    return format(realpathSync(path), statSync(path, { bigint: true }));
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

function format(real: string, { dev, ino, size, mtimeNs }: BigIntStats): string {
  return [real, dev, ino, size, mtimeNs].join(' ');
}
