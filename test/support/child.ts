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
  /** Receives each line that the process writes to a file descriptor; 3 is a pipe between it and the test. */
  readonly lines: Readonly<Partial<Record<1 | 2 | 3, (line: string) => void>>>;
}

/** Kills a process when the test run ends in any way, which closes the standard input of this script. */
const GUARD = 'read _; kill -9 "$0"';

/** The environment variables that a child inherits: none that configures the test run or beat. */
const INHERITED = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TMPDIR', 'NODE_COMPILE_CACHE'];

/** Under `npm run mutate`, also those that make the child load the mutant; otherwise it would survive there. */
const INHERITED_FOR_MUTANTS = [MODE, FOLDER, REACHED, 'NODE_OPTIONS'];

/** A child process that ends with the test run at the latest. */
export class Child implements AsyncDisposable {
  /** Resolves when it has ended and all its output has been read. */
  readonly exited: Promise<Exit>;
  readonly #process: ChildProcess;

  constructor(command: string, args: readonly string[], { cwd, env, lines }: ChildOptions) {
    const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', 'pipe'];
    const child = spawn(command, args, { cwd, env: { ...inheritEnv(), ...env }, stdio });
    for (const fd of [1, 2, 3] as const) {
      const input = child.stdio[fd] as Readable;
      createInterface({ input }).on('line', lines[fd] ?? (() => {}));
    }
    this.#process = child;
    this.exited = waitForEnd(child);
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

  /** Sends SIGTERM and waits for the end. */
  async stop(): Promise<Exit> {
    this.signal('SIGTERM');
    return this.exited;
  }

  /** Sends SIGKILL, which also ends a frozen process, and waits for the end. */
  async kill(): Promise<Exit> {
    this.signal('SIGKILL');
    return this.exited;
  }

  /** Stops it with its connections open, until `thaw`. */
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

async function waitForEnd(child: ChildProcess): Promise<Exit> {
  const [code, signal] = (await once(child, 'close')) as [Exit['code'], Exit['signal']];
  return { code, signal };
}

async function guard(child: ChildProcess): Promise<void> {
  const watch = spawn('sh', ['-c', GUARD, String(child.pid)], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  watch.unref();
  await once(child, 'exit');
  watch.kill('SIGKILL');
}

export function inheritEnv(): Record<string, string> {
  const names = MODE in process.env ? [...INHERITED, ...INHERITED_FOR_MUTANTS] : INHERITED;
  const inherited = Object.entries(process.env).filter(([name]) => names.includes(name));
  return Object.fromEntries(inherited) as Record<string, string>;
}
