import type { TransportOptions } from '../../broker/connection-settings.ts';
import { splitUrls } from '../../broker/url-list.ts';
import { isSentinel, sentinelsOf } from './sentinel.ts';
import { addressOf } from './url.ts';

/** The same for every URL of one database, as far as URLs tell, and one user: what each may do differs. */
export function redisPlace(url: string): string {
  if (isSentinel(url)) return splitUrls(url).sort().join(';');
  const { path, host, port, db, username = '' } = addressOf(url);
  const server = path ?? `${host === 'localhost' ? '127.0.0.1' : host}:${port}`;
  return `${username}@${server}/${db}`;
}

/** The number of the database that the URL, or that of sentinels, names. */
export function databaseOf(url: string, transport: TransportOptions): number {
  return (isSentinel(url) ? sentinelsOf(url, transport) : addressOf(url)).db ?? 0;
}
