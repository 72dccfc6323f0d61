import type { Redis } from 'ioredis';
import type { Clock } from '../../util/clock.ts';
import { measureSkew } from '../../store/clock-skew.ts';
import type { Findings } from '../../store/store.ts';
import type { Connection } from './connection.ts';

/** Asks the servers for what bears on beat's promises; rejects when the ledger's does not answer. */
export async function inspect(
  ledger: Connection,
  locks: readonly Connection[],
  clock: Clock,
): Promise<Findings> {
  const [skew, eviction, silent] = await Promise.all([
    measureSkew(clock, () => timeOf(ledger)),
    evictionOf(ledger),
    silentAmong(locks),
  ]);
  return { skew, eviction, locks: silent };
}

async function timeOf(server: Connection): Promise<number> {
  const [seconds, microseconds] = await server.run('clock.read', (client) => client.time());
  return Number(seconds) * 1_000 + Number(microseconds) / 1_000;
}

/** `null` too where INFO is not allowed: there is nothing to go by. */
async function evictionOf(server: Connection): Promise<string | null> {
  const info = await server.run('memory.read', (client) => client.info('memory')).catch(() => '');
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
  const policy = field('maxmemory_policy');
  if (!policy.startsWith('allkeys') || Number(field('maxmemory')) === 0) return null;
  return `maxmemory-policy is ${policy}: with its memory full (${field('maxmemory_human')}), Redis drops queues and ledger in silence; allowed: noeviction, or one of volatile-*`;
}

/** Resolves once a connection that is being made stands or has failed: a minority is not waited for before. */
async function decided(client: Redis): Promise<void> {
  if (client.status !== 'connecting' && client.status !== 'connect') return;
  await new Promise<void>((resolve) => {
    const done = () => {
      client.off('ready', done).off('close', done);
      resolve();
    };
    client.on('ready', done).on('close', done);
  });
}

/** Those of the lock's servers that do not answer. One alone needs no look: without it nobody leads. */
async function silentAmong(locks: readonly Connection[]): Promise<string | null> {
  if (locks.length === 1) return null;
  const asked = locks.map((server) =>
    server
      .run('lock.ping', async (client) => {
        await decided(client);
        return client.ping();
      })
      .then(
        () => [],
        (error: unknown) => [String(error).replace(/^.*?lock\.ping: /, '')],
      ),
  );
  const silent = (await Promise.all(asked)).flat();
  if (silent.length === 0) return null;
  return `${silent.length} of ${locks.length} servers of the lock do not answer: ${silent.join('; ')}`;
}
