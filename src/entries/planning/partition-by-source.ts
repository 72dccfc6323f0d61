import type { Entry } from '../catalog/entry.ts';

/**
 * Declared entries first, then stored ones. A commit is of one kind: stores hold their states in different places.
 */
export function partitionBySource<T extends { readonly entry: Entry | undefined }>(
  items: readonly T[],
): T[][] {
  return [false, true].map((stored) =>
    items.filter(({ entry }) => (entry?.stored ?? false) === stored),
  );
}
