import { spawn } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect } from 'vitest';
import { Child } from './child.ts';
import type { Folder } from './folder.ts';
import { Journal } from './journal.ts';
import { findCodeBlocks, readPage, type CodeBlock } from './markdown.ts';

export interface PageOptions {
  readonly folder: Folder;
  readonly env: Readonly<Record<string, string>>;
  /** Replaces what the test has elsewhere, such as the URL of a server. */
  readonly adapt: (code: string) => string;
}

/**
 * Runs the blocks of a page as a reader would, one after the other in a folder. Returns those that were not run. The words
 * after the language of a block say how:
 *   file=NAME               is written to this file
 *   sh                      runs, and must exit with 0
 *   sh exit=any             each of its lines runs, and must exit with 0 or 1
 *   sh background until=X   runs until the end of the page; waits for X in its output, with _ for a space
 *   stop-others             ends those first
 *   sh not-run              installs something from a registry
 */
export async function runPage(path: string, options: PageOptions): Promise<readonly CodeBlock[]> {
  const { folder, env, adapt } = options;
  const blocks = findCodeBlocks(readPage(path));
  await using running = new AsyncDisposableStack();
  const started: Child[] = [];
  for (const block of blocks) {
    const file = findAttribute(block, 'file');
    if (file !== null) folder.write(file, adapt(block.code));
    if (block.language !== 'sh' || block.attributes.includes('not-run')) continue;
    const code = adapt(block.code);
    const place = `${path}:${block.line}`;
    const until = findAttribute(block, 'until');
    if (until === null) {
      const isAny = findAttribute(block, 'exit') === 'any';
      for (const part of isAny ? code.trim().split('\n') : [code]) {
        const { code: exit, output } = await runToEnd(part, folder.path, env);
        if (exit === 0 || (isAny && exit === 1)) continue;
        expect.fail(`${place}: exit code ${exit}\n${part}\n${output}`);
      }
      continue;
    }
    if (block.attributes.includes('stop-others')) await Promise.all(started.splice(0).map((child) => child.stop()));
    const lines = new Journal<string>();
    const add = (line: string) => void lines.add(line);
    const child = running.use(
      new Child('sh', ['-c', `exec ${code.trim()}`], { cwd: folder.path, env: { ...env }, lines: { 1: add, 2: add } }),
    );
    started.push(child);
    void child.exited.then(() => lines.end(`${place} ended:\n${lines.all.join('\n')}`));
    await lines.until(until, (all) => all.find((line) => line.includes(until)));
  }
  // By SIGTERM, so that they end what they have started.
  await Promise.all(started.map((child) => child.stop()));
  return blocks.filter(({ attributes }) => attributes.includes('not-run'));
}

/** Puts commands in front of those of the system; a body is a shell script. */
export function makeCommands(folder: Folder, bodies: Readonly<Record<string, string>>): Record<string, string> {
  for (const [name, body] of Object.entries(bodies)) {
    chmodSync(folder.write(join('.bin', name), `#!/bin/sh\n${body}\n`), 0o755);
  }
  const path = [join(folder.path, '.bin'), process.env['PATH']].join(delimiter);
  return { PATH: path, PYTHONDONTWRITEBYTECODE: '1' };
}

function findAttribute({ attributes }: CodeBlock, name: string): string | null {
  const found = attributes.find((word) => word.startsWith(`${name}=`));
  return found?.slice(name.length + 1).replaceAll('_', ' ') ?? null;
}

interface RunResult {
  readonly code: number | null;
  readonly output: string;
}

function runToEnd(code: string, cwd: string, env: Readonly<Record<string, string>>): Promise<RunResult> {
  const child = spawn('sh', ['-e', '-c', code], { cwd, env: { ...process.env, ...env } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()));
  return new Promise((resolve) => child.on('close', (exit) => resolve({ code: exit, output })));
}
