import { NO_NUL } from '../routing/broker-limits.ts';
import { schemeOf } from '../../broker/url-list.ts';

/** Of the columns in which beat keeps names on MySQL and MariaDB, in bytes. */
const LONGEST = { entry: 2_048, prefix: 255 } as const;

/** Why a name cannot stand in the ledger; `null` where it can. */
export function troubleWithName(
  name: string,
  kind: keyof typeof LONGEST,
  stateUrl: string,
): string | null {
  const scheme = schemeOf(stateUrl);
  if (scheme === 'sqla+postgresql') return name.includes('\0') ? `its name ${NO_NUL}` : null;
  const bytes = Buffer.byteLength(name);
  if (!/^sqla\+(mysql|mariadb)$/.test(scheme) || bytes <= LONGEST[kind]) return null;
  return `its name is ${bytes} bytes long in UTF-8; the ledger in ${scheme}:// takes ${LONGEST[kind]}`;
}
