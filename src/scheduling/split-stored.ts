import type { Entry } from '../catalog/entry.ts';

/** A commit is of declared entries, or of stored ones: stores hold their states in different places. */
export function splitStored<T extends { readonly entry: Entry | undefined }>(
  items: readonly T[],
): T[][] {
  return [false, true].map((stored) =>
    items.filter(({ entry }) => (entry?.stored ?? false) === stored),
  );
}
