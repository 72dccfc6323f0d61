import type { Redis } from 'ioredis';
import type { Clock } from '../../../util/clock.ts';
import { measureSkew } from '../../connection/clock-skew.ts';
import type { StoreHealth } from '../../../contracts/store/store.ts';
import type { Connection } from './connection.ts';

/** Checks the servers' health. Rejects when the server of the ledger is unreachable. */
export async function checkHealth(
  ledger: Connection,
  locks: readonly Connection[],
  clock: Clock,
): Promise<StoreHealth> {
  const [skew, eviction, unreachable] = await Promise.all([
    measureSkew(clock, () => readTime(ledger)),
    checkEviction(ledger),
    checkLocks(locks),
  ]);
  return { store: 'Redis', skew, eviction, locks: unreachable };
}

async function readTime(server: Connection): Promise<number> {
  const [seconds, microseconds] = await server.run('clock.read', (client) => client.time());
  return Number(seconds) * 1_000 + Number(microseconds) / 1_000;
}

/** Why Redis may evict keys; `null` if it does not, or if the user may not run INFO. */
async function checkEviction(server: Connection): Promise<string | null> {
  const info = await server.run('memory.read', (client) => client.info('memory')).catch(() => '');
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
  const policy = field('maxmemory_policy');
  if (!policy.startsWith('allkeys') || Number(field('maxmemory')) === 0) return null;
  return `Redis evicts queues and schedule state when its memory is full (maxmemory ${field('maxmemory_human')}, maxmemory-policy ${policy}); set maxmemory-policy to noeviction or one of volatile-*`;
}

async function settled(client: Redis): Promise<void> {
  if (client.status !== 'connecting' && client.status !== 'connect') return;
  await new Promise<void>((resolve) => {
    const done = () => {
      client.off('ready', done).off('close', done);
      resolve();
    };
    client.on('ready', done).on('close', done);
  });
}

/** Which of several lock servers are unreachable. A single one is not checked: without it no instance leads. */
async function checkLocks(locks: readonly Connection[]): Promise<string | null> {
  if (locks.length === 1) return null;
  const asked = locks.map((server) =>
    server
      .run('lock.ping', async (client) => {
        await settled(client);
        return client.ping();
      })
      .then(
        () => [],
        (error: unknown) => [String(error).replace(/^.*?lock\.ping: /, '')],
      ),
  );
  const unreachable = (await Promise.all(asked)).flat();
  if (unreachable.length === 0) return null;
  return `${unreachable.length} of ${locks.length} lock servers are unreachable: ${unreachable.join('; ')}`;
}
