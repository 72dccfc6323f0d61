import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { CELERIES, findCelery, requireCelery } from '../support/celery.ts';
import { Child } from '../support/child.ts';
import { Folder } from '../support/folder.ts';
import { Journal } from '../support/journal.ts';
import { findCodeBlocks, readPage, ROOT, type CodeBlock } from '../support/markdown.ts';
import { RedisServer } from '../support/redis.ts';

/*
 * Runs docs/start.md as a reader would, block by block, in one empty folder. The words after the language of a block say how:
 *   file=NAME               is written to this file
 *   sh                      runs, and must exit with 0
 *   sh background until=X   runs until the end of the page; the test waits for X in its output, with _ for a space
 *   stop-others             ends those first
 *   sh not-run              installs something from a registry
 */

const celery = CELERIES[0]!;
const skip = requireCelery(celery);

/** A folder in which `celery-beat` is installed, with the commands that the page names. */
function makeProject(): { folder: Folder; env: Record<string, string> } {
  const folder = new Folder({ 'package.json': '{ "private": true }' });
  const modules = join(folder.path, 'node_modules');
  mkdirSync(modules);
  symlinkSync(ROOT, join(modules, 'celery-beat'));
  const commands = {
    npx: `shift; exec "${process.execPath}" "${join(ROOT, 'dist/cli/beat.js')}" "$@"`,
    celery: `exec "${findCelery(celery)!.python}" -m celery "$@"`,
  };
  const bin = new Map(
    Object.entries(commands).map(([name, body]) => [
      name,
      folder.write(join('.bin', name), `#!/bin/sh\n${body}\n`),
    ]),
  );
  for (const path of bin.values()) chmodSync(path, 0o755);
  const path = [dirname(bin.get('npx')!), process.env['PATH']].join(delimiter);
  return { folder, env: { PATH: path, PYTHONDONTWRITEBYTECODE: '1' } };
}

function findAttribute({ attributes }: CodeBlock, name: string): string | null {
  const found = attributes.find((word) => word.startsWith(`${name}=`));
  return found?.slice(name.length + 1).replaceAll('_', ' ') ?? null;
}

interface RunResult {
  readonly code: number | null;
  readonly output: string;
}

function runToEnd(code: string, cwd: string, env: Record<string, string>): Promise<RunResult> {
  const child = spawn('sh', ['-e', '-c', code], { cwd, env: { ...process.env, ...env } });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (output += data.toString()));
  return new Promise((resolve) => child.on('close', (exit) => resolve({ code: exit, output })));
}

test.skipIf(skip !== false)(
  `docs/start.md: every command works${skip === false ? '' : ` (skipped: ${skip})`}`,
  async () => {
    const blocks = findCodeBlocks(readPage('docs/start.md'));
    const notRun = blocks.filter(({ attributes }) => attributes.includes('not-run'));
    expect(notRun.map(({ code }) => code)).toEqual([
      'npm install celery-beat\n',
      'pip install "celery[sqlalchemy]"\n',
    ]);
    await using redis = await RedisServer.start();
    const { folder, env } = makeProject();
    using _folder = folder;
    await using running = new AsyncDisposableStack();
    const started: Child[] = [];

    for (const block of blocks) {
      const file = findAttribute(block, 'file');
      if (file !== null) folder.write(file, block.code);
      if (block.language !== 'sh' || notRun.includes(block)) continue;
      const code = block.code.replaceAll('redis://localhost:6379/0', redis.url());
      const place = `docs/start.md:${block.line}`;
      const until = findAttribute(block, 'until');
      if (until === null) {
        const { code: exit, output } = await runToEnd(code, folder.path, env);
        expect(`${place}: exit code ${exit}\n${exit === 0 ? '' : output}`).toBe(
          `${place}: exit code 0\n`,
        );
        continue;
      }
      if (block.attributes.includes('stop-others'))
        await Promise.all(started.splice(0).map((child) => child.stop()));
      const lines = new Journal<string>();
      const add = (line: string) => void lines.add(line);
      const child = running.use(
        new Child('sh', ['-c', `exec ${code}`], {
          cwd: folder.path,
          env,
          lines: { 1: add, 2: add },
        }),
      );
      started.push(child);
      void child.exited.then(() => lines.end(`${place} ended:\n${lines.all.join('\n')}`));
      await lines.until(until, (all) => all.find((line) => line.includes(until)));
    }
    expect(blocks.length).toBeGreaterThan(10);
  },
  120_000,
);
