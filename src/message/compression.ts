import { brotliCompressSync, constants, deflateSync, zstdCompressSync } from 'node:zlib';
import type * as Lzma from 'lzma1';
import { didYouMean } from '../util/did-you-mean.ts';
import { onDemand } from '../util/on-demand.ts';

/** The compressions that beat has, each by one of kombu's names. */
export type CompressionName = 'zlib' | 'brotli' | 'zstd' | 'lzma';

interface Compression {
  /** The message's header `compression`, by which a worker finds out how to read the body. */
  readonly header: string;
  readonly compress: (body: Buffer) => Uint8Array;
}

const lzma = onDemand((require) => require('lzma1') as typeof Lzma);

const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };
/** Of 9. Its dictionary is half a megabyte; those of the next levels are larger, and take longer to lay out. */
const LZMA_LEVEL = 3;

/**
 * Workers need a package of Python's for brotli and zstd; zlib and lzma come with Python. Nothing else is
 * sent, and no lock renewed, while a body is packed: the level that costs a hundred times more to gain a
 * tenth is not for here.
 */
const COMPRESSIONS: Readonly<Record<CompressionName, Compression>> = {
  // What kombu calls gzip is a zlib stream.
  zlib: { header: 'application/x-gzip', compress: deflateSync },
  brotli: { header: 'application/x-brotli', compress: (body) => brotliCompressSync(body, BROTLI) },
  // In one go, so that the frame says how long the body is: kombu before 5.7 insists on it.
  zstd: { header: 'application/zstd', compress: zstdCompressSync },
  // kombu writes the container of xz, and reads the older one of LZMA as well.
  lzma: { header: 'application/x-lzma', compress: (body) => lzma().compress(body, LZMA_LEVEL) },
};

/** kombu's names and header values, all of which its producer takes. */
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

/** The compression's name; `undefined` for one that beat has not. */
export function parseCompression(spelling: string): CompressionName | undefined {
  return Object.hasOwn(SPELLINGS, spelling)
    ? SPELLINGS[spelling as CompressionSpelling]
    : undefined;
}

/** What may stand for a compression, and why that which stands there may not. */
export function explainCompressions(found: unknown): string {
  const guess = typeof found === 'string' ? didYouMean(found, NAMES) : '';
  const reason = BZIP2.has(found)
    ? 'No package for Node that is kept up writes bzip2; any worker reads zlib, whatever its settings'
    : guess.slice(2);
  return `one of ${NAMES.join(', ')}${reason && ` (${reason})`}`;
}

/** The body compressed, and the value of the header that says how. */
export function compressBody(
  name: CompressionName,
  body: Buffer,
): { body: Buffer; header: string } {
  const { header, compress } = COMPRESSIONS[name];
  return { body: Buffer.from(compress(body)), header };
}
