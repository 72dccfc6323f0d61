import type { Redis } from 'ioredis';

/** The processor time that this process and a Redis server have used, in seconds. */
export async function processorTime(client: Redis): Promise<number> {
  const { user, system } = process.cpuUsage();
  const info = await client.info('cpu');
  let seconds = (user + system) / 1e6;
  for (const [, used] of info.matchAll(/^used_cpu_(?:user|sys):(.*)\r$/gm)) seconds += Number(used);
  return seconds;
}
