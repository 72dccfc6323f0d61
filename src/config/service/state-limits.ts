import type { Endpoint } from '../../drivers/endpoint.ts';
import { NO_NUL } from '../routing/broker-limits.ts';

/** Why the ledger cannot store a name; `null` if it can. */
export function stateNameError(
  name: string,
  kind: 'entry' | 'prefix',
  { driver, scheme }: Endpoint,
): string | null {
  const limits = driver?.limits;
  if (!limits) return null;
  if (!limits.nul && name.includes('\0')) return `its name ${NO_NUL}`;
  const [longest, bytes] = [limits[kind], Buffer.byteLength(name)];
  if (longest === null || bytes <= longest) return null;
  return `its name is ${bytes} bytes long in UTF-8; the ledger in ${scheme}:// stores at most ${longest}`;
}
