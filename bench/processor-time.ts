import { readdirSync, readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';

/** The processor time that this process and a Redis server have used, in seconds. */
export async function processorTime(client: Redis): Promise<number> {
  const { user, system } = process.cpuUsage();
  const info = await client.info('cpu');
  let seconds = (user + system) / 1e6;
  for (const [, used] of info.matchAll(/^used_cpu_(?:user|sys):(.*)\r$/gm)) seconds += Number(used);
  return seconds;
}

/** The unit of processor time in Linux's /proc, on every kernel. */
const TICKS_PER_SECOND = 100;

/** The processor time that servers have used which this process started, and theirs, in seconds. */
export function descendantsTime(): number {
  const stats = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? readStat(Number(name)) : []));
  const byParent = Map.groupBy(stats, ({ parent }) => parent);
  const sum = (pid: number): number => {
    return (byParent.get(pid) ?? []).reduce((total, child) => total + child.ticks + sum(child.pid), 0);
  };
  return sum(process.pid) / TICKS_PER_SECOND;
}

/** Returns nothing for a process that ended in between. */
function readStat(pid: number): { readonly pid: number; readonly parent: number; readonly ticks: number }[] {
  try {
    // Behind the name in parentheses, which may hold spaces.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ').map(Number);
    const [parent = 0] = fields.slice(1);
    // Its own user and system time, and those of its children that have ended.
    const ticks = fields.slice(11, 15).reduce((total, each) => total + each, 0);
    return [{ pid, parent, ticks }];
  } catch {
    return [];
  }
}
