import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from './child.ts';
import type { Folder } from './folder.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const VITEST = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');

export interface VitestRun {
  readonly code: number | null;
  /** Both streams, line by line. */
  readonly lines: readonly string[];
  /** The path of vitest's JSON report. */
  readonly report: string;
}

/** Runs vitest on test files of its own, in `folder`; the test that calls it asserts on the outcome. */
export async function runVitest(
  folder: Folder,
  files: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): Promise<VitestRun> {
  for (const [name, text] of Object.entries(files)) folder.write(name, text);
  symlinkSync(join(ROOT, 'node_modules'), join(folder.path, 'node_modules'));
  const report = join(folder.path, 'report.json');
  const lines: string[] = [];
  const line = (text: string) => void lines.push(text);
  const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  await using child = new Child(process.execPath, [VITEST, ...args], {
    cwd: folder.path,
    env: { ...env, NO_COLOR: '1' },
    lines: { 1: line, 2: line },
  });
  const { code } = await child.exited;
  return { code, lines, report };
}
