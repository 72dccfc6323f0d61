import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { FOLDER, MODE, REACHED } from '../../mutation/protocol.ts';
import { freeze } from './processes.ts';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ChildOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each line of a file descriptor that the process writes to: 1, 2, or 3 for one of our own. */
  readonly lines: Readonly<Partial<Record<1 | 2 | 3, (line: string) => void>>>;
}

/** Kills the process whose number it is given once the test run is gone, however it went: its input closes. */
const GUARD = 'read _; kill -9 "$0"';

/** What a process of ours may see of the environment: nothing of what configures the test run, or beat. */
const KEPT = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TMPDIR'];

/** Under `npm run mutate` also what makes a process load the mutant; otherwise every mutant survives there. */
const KEPT_FOR_MUTANTS = [MODE, FOLDER, REACHED, 'NODE_OPTIONS'];

/** A process beside the test, which cannot outlive it. */
export class Child implements AsyncDisposable {
  /** Once it has ended and everything that it wrote was read. */
  readonly exited: Promise<Exit>;
  readonly #process: ChildProcess;

  constructor(command: string, args: readonly string[], { cwd, env, lines }: ChildOptions) {
    const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', 'pipe'];
    const child = spawn(command, args, { cwd, env: { ...inherited(), ...env }, stdio });
    for (const fd of [1, 2, 3] as const) {
      const input = child.stdio[fd] as Readable;
      createInterface({ input }).on('line', lines[fd] ?? (() => {}));
    }
    this.#process = child;
    this.exited = ended(child);
    void guard(child);
  }

  get pid(): number {
    const { pid } = this.#process;
    if (pid === undefined) throw new Error('the process did not start');
    return pid;
  }

  get alive(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** SIGTERM, then its end. */
  async stop(): Promise<Exit> {
    this.signal('SIGTERM');
    return this.exited;
  }

  /** SIGKILL: no last word, no clean-up. A frozen process dies of it too. */
  async kill(): Promise<Exit> {
    this.signal('SIGKILL');
    return this.exited;
  }

  /** It stands still with every connection open, until `thaw`. */
  freeze(): void {
    freeze(this.pid);
  }

  thaw(): void {
    this.signal('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

async function ended(child: ChildProcess): Promise<Exit> {
  const [code, signal] = (await once(child, 'close')) as [Exit['code'], Exit['signal']];
  return { code, signal };
}

async function guard(child: ChildProcess): Promise<void> {
  const watch = spawn('sh', ['-c', GUARD, String(child.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watch.unref();
  await once(child, 'exit');
  watch.kill('SIGKILL');
}

function inherited(): Record<string, string> {
  const names = MODE in process.env ? [...KEPT, ...KEPT_FOR_MUTANTS] : KEPT;
  const kept = Object.entries(process.env).filter(([name]) => names.includes(name));
  return Object.fromEntries(kept) as Record<string, string>;
}
