import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitForChange } from './log-file.ts';

/** Kills a process when the test run ends, which closes the standard input of this script. */
const GUARD = 'read _; kill -9 "$0"';

/** A daemon, known by its pidfile, that ends with the test run at the latest. */
export class Detached implements Disposable {
  readonly pid: number;
  readonly #folder: string;
  readonly #pidfile: string;
  readonly #guard;

  constructor(folder: string, pidfile: string) {
    this.#folder = folder;
    this.#pidfile = join(folder, pidfile);
    this.pid = Number(readFileSync(this.#pidfile, 'utf8'));
    this.#guard = spawn('sh', ['-c', GUARD, String(this.pid)], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    this.#guard.unref();
  }

  get alive(): boolean {
    try {
      return process.kill(this.pid, 0);
    } catch {
      return false;
    }
  }

  /** Sends SIGTERM and waits until it has removed its pidfile, which it does last. */
  async stop(): Promise<void> {
    const gone = waitForChange(this.#folder, () => !existsSync(this.#pidfile) || undefined);
    process.kill(this.pid, 'SIGTERM');
    await gone;
  }

  [Symbol.dispose](): void {
    if (this.alive) process.kill(this.pid, 'SIGKILL');
    this.#guard.kill('SIGKILL');
  }
}
