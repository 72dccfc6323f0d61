import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FOLDER, MODE, type Answer, type Mode, type Task } from './protocol.ts';

/** A process that runs tests; it starts with the first task, and again after a timeout. */
export class Session implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'beat-mutation-'));
  readonly #mode: Mode;
  #process: ChildProcess | null = null;
  #tests: readonly string[] = [];

  constructor(mode: Mode) {
    this.#mode = mode;
    // Tests also start processes of other users, which read the mutant here.
    chmodSync(this.folder, 0o755);
    process.once('exit', () => {
      this.#kill();
      rmSync(this.folder, { recursive: true, force: true });
    });
  }

  /** Every test file that the session could run. */
  async tests(): Promise<readonly string[]> {
    await this.#use();
    return this.#tests;
  }

  /** Returns `null` when the tests take longer than `limit` milliseconds; they are killed with their descendants. */
  async run(task: Task, limit: number): Promise<Answer | null> {
    const child = await this.#use();
    const answered = once(child, 'message', { signal: AbortSignal.timeout(limit) });
    child.send(task);
    try {
      const [answer] = (await answered) as [Answer];
      return answer;
    } catch (error) {
      if (!(error instanceof Error && error.name === 'AbortError')) throw error;
      this.#kill();
      return null;
    }
  }

  async #use(): Promise<ChildProcess> {
    if (this.#process) return this.#process;
    // A process group of its own, so that its descendants end with it. vitest's own output is not needed.
    const child = fork('mutation/test-process.ts', {
      detached: true,
      env: { ...process.env, [MODE]: this.#mode, [FOLDER]: this.folder },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#process = child;
    const died = once(child, 'exit').then(() => Promise.reject(new Error('the tests could not be started')));
    const [tests] = (await Promise.race([once(child, 'message'), died])) as [readonly string[]];
    died.catch(() => {});
    this.#tests = tests;
    return child;
  }

  #kill(): void {
    const pid = this.#process?.pid;
    this.#process = null;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#kill();
  }
}
