import type { Unreadable } from '../../contracts/store/unreadable.ts';
import { escapeLine } from '../../util/visible.ts';
import { formatCell } from './table.ts';

/** The line of a record that cannot be read, with what removes it. */
export function formatUnreadable({ id, at, reason, repair }: Unreadable): string {
  const when = at === null ? '' : ` of ${at}`;
  return escapeLine(`unreadable${when}: ${formatCell(id)}, ${reason}; ${repair}`);
}
