import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from './child.ts';
import { Folder } from './folder.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const VITEST = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');

export interface VitestRun {
  readonly code: number | null;
  /** The lines of standard output and standard error. */
  readonly lines: readonly string[];
}

export interface VitestOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs vitest on test files of its own; the test that calls it asserts on the outcome. */
export async function runVitest(
  files: Readonly<Record<string, string>>,
  { args = [], env = {} }: VitestOptions = {},
): Promise<VitestRun> {
  using folder = new Folder(files);
  symlinkSync(join(ROOT, 'node_modules'), join(folder.path, 'node_modules'));
  const lines: string[] = [];
  const line = (text: string) => void lines.push(text);
  await using child = new Child(process.execPath, [VITEST, 'run', ...args], {
    cwd: folder.path,
    env: { ...env, NO_COLOR: '1' },
    lines: { 1: line, 2: line },
  });
  const { code } = await child.exited;
  return { code, lines };
}
