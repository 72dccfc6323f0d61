import { isUtf8 } from 'node:buffer';
import { constants, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';

/** What keeps a file from being read: the sentence after its name, and the line where there is one. */
export class Unreadable extends Error {
  readonly line: number | undefined;

  constructor(message: string, line?: number) {
    super(message);
    this.line = line;
  }
}

/**
 * The bytes of a regular file. Throws `Unreadable` before it reads anything of a file that is too large, and
 * of what is no file: a device may never end, and a FIFO waits for a writer.
 */
export async function readBytes(path: string, maxSize: number): Promise<Buffer> {
  // Without O_NONBLOCK the opening alone of a FIFO would wait.
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const stats = await file.stat();
  if (!stats.isFile()) throw new Unreadable(`is ${kindOf(stats)}, and not a file`);
  if (stats.size > maxSize) throw new Unreadable(tooLarge(stats.size, maxSize));
  return await file.readFile();
}

function kindOf(stats: Stats): string {
  if (stats.isFIFO()) return 'a FIFO';
  if (stats.isDirectory()) return 'a folder';
  return stats.isSocket() ? 'a socket' : 'a device';
}

function tooLarge(size: number, maxSize: number): string {
  return `has ${size} bytes, more than the ${maxSize} that BEAT_MAX_CONFIG_SIZE allows`;
}

/** The text of UTF-8, without its byte order mark. Throws `Unreadable` with the line of what is not UTF-8. */
export function decode(bytes: Buffer): string {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw new Unreadable('is UTF-16; save it as UTF-8', 1);
  }
  if (!isUtf8(bytes)) {
    throw new Unreadable('is not UTF-8 from here on; save it as UTF-8', lineOfFault(bytes));
  }
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}

/** No character of UTF-8 but the line feed itself holds its byte, so each line is sound by itself or not. */
function lineOfFault(bytes: Buffer): number {
  let line = 1;
  let from = 0;
  for (;;) {
    const end = bytes.indexOf(0x0a, from);
    if (end === -1 || !isUtf8(bytes.subarray(from, end))) return line;
    line += 1;
    from = end + 1;
  }
}
