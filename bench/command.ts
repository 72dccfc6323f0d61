import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

const COMMAND = resolve(import.meta.dirname, '../dist/cli/beat.js');

/** The resources that a process has used so far. */
export interface Usage {
  /** Seconds of processor time. */
  readonly processor: number;
  /** Resident memory in megabytes: now, and at most. */
  readonly now: number;
  readonly most: number;
}

/** The unit of processor time in Linux's /proc, on every kernel. */
const TICKS_PER_SECOND = 100;

/** The built `beat start` in a process of its own, leading. */
export class Command {
  /** From the start of the process until it had read the ledger and written what was new. */
  readonly seconds: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, seconds: number) {
    this.#child = child;
    this.seconds = seconds;
  }

  static async start(config: string, brokerUrl: string): Promise<Command> {
    const started = performance.now();
    const flags = ['--config', config, '--broker', brokerUrl, '--log-format', 'json'];
    const child = spawn(process.execPath, [COMMAND, 'start', ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
    const lines = createInterface({ input: child.stdout });
    for await (const line of lines) {
      const { event } = JSON.parse(line) as { event?: string };
      if (event === 'scheduling') {
        const seconds = (performance.now() - started) / 1_000;
        // An unread pipe fills up and blocks the process.
        child.stdout.resume();
        return new Command(child, seconds);
      }
    }
    throw new Error(`beat start -c ${config} ended before it led`);
  }

  /** `null` if the system does not report it. */
  usage(): Usage | null {
    return readUsage(this.#child.pid!);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await gone;
  }
}

/** Reads what a process has used; `null` if it has ended, or if the system does not report it. */
export function readUsage(pid: number): Usage | null {
  const folder = `/proc/${pid}`;
  if (!existsSync(folder)) return null;
  const status = readFileSync(`${folder}/status`, 'utf8');
  const megabytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1_024;
  // Behind the name in parentheses, which may hold spaces: user and system time are the 12th and 13th.
  const times = readFileSync(`${folder}/stat`, 'utf8').split(') ')[1]!.split(' ');
  const processor = (Number(times[11]) + Number(times[12])) / TICKS_PER_SECOND;
  return { processor, now: megabytes('VmRSS'), most: megabytes('VmHWM') };
}
