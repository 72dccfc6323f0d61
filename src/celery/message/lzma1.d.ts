// The part that beat uses. The package offers its sources as types, which beat's strict compiler settings reject.
/** The older container of LZMA (`.lzma`). */
export function compress(data: Uint8Array, level: 3): Uint8Array;
export function decompress(data: Uint8Array): Uint8Array;
