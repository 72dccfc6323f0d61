import type { StoredTarget } from '../planning/stored-edit.ts';
import type { StoredTargets } from './edit.ts';
import { rejected, type Rejected } from './outcome.ts';

/** The stored entry that a command changes, or why there is none. */
export function findStored(
  { stored, isDeclared }: StoredTargets,
  name: string,
): (StoredTarget & { readonly kind: 'found' }) | Rejected {
  const found = stored.get(name);
  if (typeof found === 'object') return { kind: 'found', ...found };
  if (found !== undefined) return rejected(found);
  const quoted = JSON.stringify(name);
  if (!isDeclared(name)) return rejected(`no stored entry ${quoted}; beat list shows all entries`);
  return rejected(
    `entry ${quoted} is declared in the configuration: edit the file, then run beat reload`,
  );
}
