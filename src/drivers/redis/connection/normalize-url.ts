import type { TransportOptions } from '../../../contracts/broker/connection-settings.ts';
import type { ServerUrls } from '../../../contracts/broker/server-url.ts';
import { parseSentinelUrls } from './sentinel.ts';
import { parseRedisUrl } from './url.ts';

/** The same text for all URLs of one database and user, as far as URLs show. Two users may have different rights. */
export function normalizeRedisUrl(server: ServerUrls): string {
  if (server.variant.sentinel) {
    const urls = server.servers.map(({ url }) => url);
    return urls.sort().join(';');
  }
  const { path, host, port, db, username = '' } = parseRedisUrl(server);
  const location = path ?? `${host === 'localhost' ? '127.0.0.1' : host}:${port}`;
  return `${username}@${location}/${db}`;
}

/** The database number of a URL, or of the URLs of sentinels. */
export function readDatabase(server: ServerUrls, transport: TransportOptions): number {
  const { sentinel } = server.variant;
  return (sentinel ? parseSentinelUrls(server, transport) : parseRedisUrl(server)).db ?? 0;
}
