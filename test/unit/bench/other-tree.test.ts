import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { findCommit, OtherTree } from '../../../bench/other-tree.ts';
import { Child } from '../../support/child.ts';
import { Folder } from '../../support/folder.ts';
import { Journal } from '../../support/journal.ts';

const BENCH = resolve(import.meta.dirname, '../../../bench');

/** A repository with two commits: `old` is the first; the working tree is newer than both. */
class Repository extends Folder {
  constructor() {
    super({ 'package-lock.json': '1', '.gitignore': 'node_modules\n', 'src/a.ts': 'old', 'bench/own.ts': 'old' });
    for (const name of ['test/a.ts', 'mutation/a.ts', 'bench/benches.ts', 'bench/run-bench.ts'])
      this.write(name, 'old');
    this.git('init', '--quiet');
    this.commit();
    this.git('tag', 'old');
    this.write('src/a.ts', 'new');
    this.commit();
    this.write('bench/own.ts', 'changed');
    this.write('bench/run-bench.ts', 'changed');
    this.write('node_modules/x/index.js', '');
  }

  git(...args: readonly string[]): string {
    const author = ['-c', 'user.name=test', '-c', 'user.email=test@example.com', '-c', 'commit.gpgsign=false'];
    return execFileSync('git', [...author, ...args], { cwd: this.path, encoding: 'utf8' });
  }

  commit(): void {
    this.git('add', '.');
    this.git('commit', '--quiet', '--message', 'test');
  }

  get worktrees(): number {
    return this.git('worktree', 'list').trim().split('\n').length;
  }
}

const read = (tree: OtherTree, name: string) => readFileSync(join(tree.path, name), 'utf8');

test('bench --compare: the other tree has the sources of its commit and the benches of this tree', () => {
  using repository = new Repository();
  using tree = new OtherTree(repository.path, findCommit(repository.path, 'old')!);
  tree.takeBenches();
  expect([read(tree, 'src/a.ts'), read(tree, 'bench/own.ts')]).toEqual(['old', 'changed']);
});

test('bench --compare: benches that do not run in the other tree are replaced by its own, beside the program that runs them', () => {
  using repository = new Repository();
  using tree = new OtherTree(repository.path, findCommit(repository.path, 'old')!);
  tree.takeBenches();
  tree.restoreBenches();
  expect([read(tree, 'bench/own.ts'), read(tree, 'bench/run-bench.ts')]).toEqual(['old', 'changed']);
});

test('bench --compare: trees with the same locked packages share them', () => {
  using repository = new Repository();
  using tree = new OtherTree(repository.path, findCommit(repository.path, 'old')!);
  tree.install();
  expect(realpathSync(join(tree.path, 'node_modules'))).toBe(realpathSync(join(repository.path, 'node_modules')));
});

test('bench --compare: the other tree is removed at the end of its scope, and the packages stay', () => {
  using repository = new Repository();
  let path: string;
  {
    using tree = new OtherTree(repository.path, findCommit(repository.path, 'old')!);
    tree.install();
    path = tree.path;
    expect(repository.worktrees).toBe(2);
  }
  expect(existsSync(path)).toBe(false);
  expect(repository.worktrees).toBe(1);
  expect(repository.has('node_modules/x/index.js')).toBe(true);
});

test('bench --compare: the other tree is removed when its process ends', async () => {
  using repository = new Repository();
  const program = `
    import { OtherTree } from ${JSON.stringify(join(BENCH, 'other-tree.ts'))};
    const tree = new OtherTree(${JSON.stringify(repository.path)}, 'old');
    process.once('SIGINT', () => process.exit(130));
    console.log(tree.path);
    setInterval(() => {}, 1_000);
  `;
  const lines = new Journal<string>();
  const args = ['--input-type=module', '--eval', program];
  await using child = new Child(process.execPath, args, { lines: { 1: (line) => lines.add(line) } });
  const path = await lines.first('the path of the tree', () => true);
  expect(existsSync(path)).toBe(true);
  child.signal('SIGINT');
  expect(await child.exited).toMatchObject({ code: 130 });
  expect(existsSync(path)).toBe(false);
  expect(repository.worktrees).toBe(1);
});

test.for(['no-such-commit', '--help', 'HEAD:package.json'])('bench --compare: "%s" names no commit', (revision) => {
  using repository = new Repository();
  expect(findCommit(repository.path, revision)).toBeNull();
});

test('bench --compare: an unknown commit is one message and exit code 2', async () => {
  const lines: string[] = [];
  const args = [join(BENCH, 'bench.ts'), '--compare', 'no-such-commit'];
  const add = (line: string) => lines.push(line);
  await using child = new Child(process.execPath, args, { cwd: join(BENCH, '..'), lines: { 1: add, 2: add } });
  expect(await child.exited).toMatchObject({ code: 2 });
  expect(lines).toEqual(['--compare: git knows no commit "no-such-commit"']);
});
