// What is used of it. The package gives its sources for its types, which our strict settings refuse.
/** The older container of LZMA (`.lzma`). */
export function compress(data: Uint8Array, level: 3): Uint8Array;
export function decompress(data: Uint8Array): Uint8Array;
