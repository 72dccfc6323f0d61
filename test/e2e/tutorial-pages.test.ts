import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BUILT } from '../support/beat-process.ts';
import { NEWEST, findCelery, requireCelery } from '../support/celery.ts';
import { Folder } from '../support/folder.ts';
import { findCodeBlocks, readPage, ROOT } from '../support/markdown.ts';
import { freePort, RedisServer } from '../support/redis.ts';
import { makeCommands, runPage } from '../support/run-page.ts';

const skip = requireCelery(NEWEST);

/** A folder in which `celery-beat` is installed, with the commands of a reader. */
function prepare(): { readonly folder: Folder; readonly env: Record<string, string> } {
  const folder = new Folder({ 'package.json': '{ "private": true }' });
  const modules = join(folder.path, 'node_modules');
  mkdirSync(modules);
  symlinkSync(ROOT, join(modules, 'celery-beat'));
  const env = makeCommands(folder, {
    npx: `shift; exec "${process.execPath}" "${BUILT}" "$@"`,
    celery: `exec "${findCelery(NEWEST)!.python}" -m celery "$@"`,
  });
  return { folder, env };
}

test.skipIf(skip)(skip || 'docs/start.md: every command works', async () => {
  await using redis = await RedisServer.start();
  const { folder, env } = prepare();
  using _ = folder;
  const adapt = (code: string) => code.replaceAll('redis://localhost:6379/0', redis.url());
  const notRun = await runPage('docs/start.md', { folder, env, adapt });
  expect(notRun.map(({ code }) => code)).toEqual(['npm install celery-beat\n', 'pip install "celery[sqlalchemy]"\n']);
  expect(findCodeBlocks(readPage('docs/start.md')).length).toBeGreaterThan(10);
});

const noCurl = spawnSync('curl', ['--version']).status !== 0 && 'curl is not installed';

test.skipIf(skip || noCurl)(skip || noCurl || 'docs/operate.md: every command works', async () => {
  await using redis = await RedisServer.start();
  const { folder, env } = prepare();
  using _ = folder;
  const ports = await Promise.all(['8040', '8041', '9000'].map(async (port) => [port, await freePort()]));
  const adapt = (code: string) =>
    ports.reduce(
      (text, [port, free]) => text.replaceAll(new RegExp(`\\b${port}\\b`, 'g'), String(free)),
      code.replaceAll('redis://localhost:6379/0', redis.url(0)).replaceAll('redis://localhost:6379/1', redis.url(1)),
    );
  const notRun = await runPage('docs/operate.md', { folder, env, adapt });
  expect(notRun.map(({ code }) => code)).toEqual(['pip install "celery[redis]"\n']);
});
