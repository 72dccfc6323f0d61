import { brotliCompressSync, deflateSync, zstdCompressSync } from 'node:zlib';
import { compress as lzmaSync } from 'lzma1';
import { didYouMean } from '../nearest.ts';

/** The compressions that beat has, each by one of kombu's names. */
export type CompressionName = 'zlib' | 'brotli' | 'zstd' | 'lzma';

interface Compression {
  /** The message's header `compression`, by which a worker finds out how to read the body. */
  readonly header: string;
  /** What else kombu calls it. */
  readonly aliases: readonly string[];
  readonly compress: (body: Buffer) => Uint8Array;
}

/** Workers need a package of Python's for brotli and zstd; zlib and lzma come with Python. */
const COMPRESSIONS: Readonly<Record<CompressionName, Compression>> = {
  // What kombu calls gzip is a zlib stream.
  zlib: { header: 'application/x-gzip', aliases: ['gzip'], compress: deflateSync },
  brotli: { header: 'application/x-brotli', aliases: [], compress: brotliCompressSync },
  // In one go, so that the frame says how long the body is: kombu before 5.6 insists on it.
  zstd: { header: 'application/zstd', aliases: ['zstandard'], compress: zstdCompressSync },
  // kombu writes the container of xz, and reads the older one of LZMA as well.
  lzma: { header: 'application/x-lzma', aliases: ['xz'], compress: (body) => lzmaSync(body) },
};

/** Every spelling, kombu's header values among them, as its producer takes them. */
const SPELLINGS = new Map(
  (Object.keys(COMPRESSIONS) as CompressionName[]).flatMap((name) => {
    const { header, aliases } = COMPRESSIONS[name];
    return [name, ...aliases, header].map((spelling) => [spelling, name] as const);
  }),
);

const BZIP2 = ['bzip2', 'bzip', 'application/x-bz2'];

/** The compression's name; `undefined` for one that beat has not. */
export function compressionNamed(spelling: string): CompressionName | undefined {
  return SPELLINGS.get(spelling);
}

/** What may stand for a compression, and why that which stands there may not. */
export function compressionForms(found: unknown): string {
  const names = [...SPELLINGS.keys()].filter((spelling) => !spelling.includes('/'));
  const allowed = `one of ${names.toSorted().join(', ')}`;
  if (typeof found !== 'string') return allowed;
  if (BZIP2.includes(found)) {
    return `${allowed} (there is no bzip2 for Node that is kept up; every worker reads zlib as well, with no setting changed)`;
  }
  const guess = didYouMean(found, names);
  return guess ? `${allowed} (${guess.slice(2)})` : allowed;
}

/** The body compressed, and the value of the header that says how. */
export function compressed(name: CompressionName, body: Buffer): { body: Buffer; header: string } {
  const { header, compress } = COMPRESSIONS[name];
  return { body: Buffer.from(compress(body)), header };
}
