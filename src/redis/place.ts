import { splitUrls } from '../config/urls.ts';
import { isSentinel } from './sentinel.ts';
import { addressOf } from './url.ts';

/** The same for every URL of one database, as far as URLs tell, and one user: what each may do differs. */
export function redisPlace(url: string): string {
  if (isSentinel(url)) return splitUrls(url).sort().join(';');
  const { path, host, port, db, username = '' } = addressOf(url);
  const server = path ?? `${host === 'localhost' ? '127.0.0.1' : host}:${port}`;
  return `${username}@${server}/${db}`;
}
