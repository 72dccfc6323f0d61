import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitForChange } from './log-file.ts';

/** Kills the process whose number it is given once the test run is gone: its input closes. */
const GUARD = 'read _; kill -9 "$0"';

/** A process that is nobody's child, known by its pidfile alone. It cannot outlive the test. */
export class Detached implements Disposable {
  readonly pid: number;
  readonly #folder: string;
  readonly #pidfile: string;
  readonly #guard;

  constructor(folder: string, pidfile: string) {
    this.#folder = folder;
    this.#pidfile = join(folder, pidfile);
    this.pid = Number(readFileSync(this.#pidfile, 'utf8'));
    this.#guard = spawn('sh', ['-c', GUARD, String(this.pid)], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    this.#guard.unref();
  }

  get alive(): boolean {
    try {
      return process.kill(this.pid, 0);
    } catch {
      return false;
    }
  }

  /** SIGTERM, then the end of its pidfile, which is the last thing it does. */
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
