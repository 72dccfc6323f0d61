import zlib from 'node:zlib';
import type * as Lzma from 'lzma1';
import { didYouMean } from '../../util/did-you-mean.ts';
import { onDemand } from '../../util/on-demand.ts';

/** The compressions by kombu's names. */
export type CompressionName = 'zlib' | 'brotli' | 'zstd' | 'lzma';

interface Compression {
  /** The value of the message header `compression`, from which a worker selects the decompressor. */
  readonly header: string;
  readonly compress: (body: Buffer) => Uint8Array;
  readonly decompress: (body: Buffer) => Uint8Array;
}

const lzma = onDemand((require) => require('lzma1') as typeof Lzma);

/** The most bytes of a decompressed body: a small message must not fill the memory. */
export const MAX_BODY = 64 * 1_024 * 1_024;
const LIMIT = { maxOutputLength: MAX_BODY };

const BROTLI = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } };
/** The level, of 9. Higher levels need larger dictionaries, which take longer to allocate. */
const LZMA_LEVEL = 3;

/** Workers need a package for brotli and zstd. Levels are low, because compression blocks the event loop. */
const COMPRESSIONS: Readonly<Record<CompressionName, Compression>> = {
  // kombu's gzip is a zlib stream.
  zlib: {
    header: 'application/x-gzip',
    compress: zlib.deflateSync,
    decompress: (body) => zlib.inflateSync(body, LIMIT),
  },
  brotli: {
    header: 'application/x-brotli',
    compress: (body) => zlib.brotliCompressSync(body, BROTLI),
    decompress: (body) => zlib.brotliDecompressSync(body, LIMIT),
  },
  // The one-shot function writes the size of the body into the frame, which kombu before 5.7 requires.
  zstd: {
    header: 'application/zstd',
    compress: zlib.zstdCompressSync,
    decompress: (body) => zlib.zstdDecompressSync(body, LIMIT),
  },
  // kombu writes the xz container and also reads the older LZMA container.
  lzma: {
    header: 'application/x-lzma',
    compress: (body) => lzma().compress(body, LZMA_LEVEL),
    decompress(body) {
      checkLzmaHeader(body);
      return lzma().decompress(body);
    },
  },
};

/** kombu's names and header values. */
const SPELLINGS = {
  gzip: 'zlib',
  zlib: 'zlib',
  brotli: 'brotli',
  zstd: 'zstd',
  zstandard: 'zstd',
  lzma: 'lzma',
  xz: 'lzma',
  'application/x-gzip': 'zlib',
  'application/x-brotli': 'brotli',
  'application/zstd': 'zstd',
  'application/x-lzma': 'lzma',
} as const satisfies Readonly<Record<string, CompressionName>>;

export type CompressionSpelling = keyof typeof SPELLINGS;

export const COMPRESSION_SPELLINGS = Object.keys(SPELLINGS) as CompressionSpelling[];

const NAMES = COMPRESSION_SPELLINGS.filter((spelling) => !spelling.includes('/'));
const BZIP2: ReadonlySet<unknown> = new Set(['bzip2', 'bzip', 'application/x-bz2']);

export function parseCompression(spelling: string): CompressionName | undefined {
  return Object.hasOwn(SPELLINGS, spelling) ? SPELLINGS[spelling as CompressionSpelling] : undefined;
}

export function explainCompressions(found: unknown): string {
  const guess = typeof found === 'string' ? didYouMean(found, NAMES) : '';
  const reason = BZIP2.has(found) ? 'no maintained Node package writes bzip2; all workers read zlib' : guess.slice(2);
  return `one of ${NAMES.join(', ')}${reason && ` (${reason})`}`;
}

export function compressBody(name: CompressionName, body: Buffer): { body: Buffer; header: string } {
  const { header, compress } = COMPRESSIONS[name];
  return { body: Buffer.from(compress(body)), header };
}

/** Decompresses the body of a message with this header `compression`. Throws for invalid bytes, and beyond 64 MiB. */
export function decompressBody(name: CompressionName, body: Buffer): Buffer {
  try {
    return Buffer.from(COMPRESSIONS[name].decompress(body));
  } catch (error) {
    const isTooLarge = (error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE';
    throw isTooLarge ? tooLarge() : error;
  }
}

/** Checks the header, because the decoder has no limits: 1 byte, the dictionary's size (4 bytes), the body's (8). */
function checkLzmaHeader(body: Buffer): void {
  if (body.length < 13) throw new RangeError('it is too short for LZMA');
  if (body.readUInt32LE(1) > MAX_BODY || body.readBigUInt64LE(5) > MAX_BODY) throw tooLarge();
}

function tooLarge(): RangeError {
  return new RangeError(`it may have at most ${MAX_BODY} bytes after decompression`);
}
