import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The benches and what they import outside of `src`. */
const MEASURING = ['bench', 'test', 'mutation'];
/** The files that run a bench, whichever tree it is of. */
const RUNNING = ['benches.ts', 'run-bench.ts'];
/** Folders that git ignores and that trees share: packages, and Celery for the benches that compare with it. */
const SHARED = ['node_modules', '.venv'];

/** Returns the commit that a revision names, or `null`. */
export function findCommit(root: string, revision: string): string | null {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`];
  const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : null;
}

/** The tree of another commit in a temporary folder, removed at the end of the scope or of the process. */
export class OtherTree implements Disposable {
  readonly path: string;
  readonly #root: string;
  readonly #remove = () => this[Symbol.dispose]();

  constructor(root: string, commit: string) {
    this.#root = root;
    this.path = join(mkdtempSync(join(tmpdir(), 'beat-compare-')), 'tree');
    process.once('exit', this.#remove);
    this.#git(root, 'worktree', 'add', '--quiet', '--detach', this.path, commit);
  }

  /** Installs its packages, or shares those of this tree if both lock the same ones. */
  install(): void {
    const [own, other] = [this.#root, this.path].map((tree) => readFileSync(join(tree, 'package-lock.json'), 'utf8'));
    const shared = SHARED.filter((name) => existsSync(join(this.#root, name)));
    for (const name of own === other ? shared : shared.filter((each) => each !== 'node_modules')) {
      symlinkSync(join(this.#root, name), join(this.path, name));
    }
    if (own !== other) execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: this.path, stdio: 'inherit' });
  }

  /** Replaces its benches with those of this tree, so that both trees are measured in the same way. */
  takeBenches(): void {
    for (const name of MEASURING) {
      rmSync(join(this.path, name), { recursive: true, force: true });
      cpSync(join(this.#root, name), join(this.path, name), { recursive: true });
    }
  }

  /** Restores its own benches, for a tree in which those of this tree do not run. */
  restoreBenches(): void {
    for (const name of MEASURING) rmSync(join(this.path, name), { recursive: true, force: true });
    this.#git(this.path, 'checkout', '--quiet', 'HEAD', '--', '.');
    for (const name of RUNNING) cpSync(join(this.#root, 'bench', name), join(this.path, 'bench', name));
  }

  [Symbol.dispose](): void {
    process.off('exit', this.#remove);
    rmSync(join(this.path, '..'), { recursive: true, force: true });
    this.#git(this.#root, 'worktree', 'prune');
  }

  #git(cwd: string, ...args: readonly string[]): void {
    execFileSync('git', args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  }
}
