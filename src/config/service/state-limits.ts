import { parseScheme } from '../../broker/url-list.ts';
import { findDriver } from '../../drivers/table.ts';
import { NO_NUL } from '../routing/broker-limits.ts';

/** Why the ledger cannot store a name; `null` if it can. */
export function stateNameError(
  name: string,
  kind: 'entry' | 'prefix',
  stateUrl: string,
): string | null {
  const limits = findDriver(stateUrl)?.limits;
  if (!limits) return null;
  if (!limits.nul && name.includes('\0')) return `its name ${NO_NUL}`;
  const [longest, bytes] = [limits[kind], Buffer.byteLength(name)];
  if (longest === null || bytes <= longest) return null;
  return `its name is ${bytes} bytes long in UTF-8; the ledger in ${parseScheme(stateUrl)}:// stores at most ${longest}`;
}
