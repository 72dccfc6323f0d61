import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BUILT } from '../support/beat-process.ts';
import { CELERIES, findCelery, requireCelery } from '../support/celery.ts';
import { Folder } from '../support/folder.ts';
import { findCodeBlocks, readPage, ROOT } from '../support/markdown.ts';
import { RedisServer } from '../support/redis.ts';
import { makeCommands, runPage } from '../support/run-page.ts';

const celery = CELERIES[0]!;
const skip = requireCelery(celery);

test.skipIf(skip !== false)(
  `docs/start.md: every command works${skip === false ? '' : ` (skipped: ${skip})`}`,
  async () => {
    await using redis = await RedisServer.start();
    // A folder in which `celery-beat` is installed.
    using folder = new Folder({ 'package.json': '{ "private": true }' });
    const modules = join(folder.path, 'node_modules');
    mkdirSync(modules);
    symlinkSync(ROOT, join(modules, 'celery-beat'));
    const env = makeCommands(folder, {
      npx: `shift; exec "${process.execPath}" "${BUILT}" "$@"`,
      celery: `exec "${findCelery(celery)!.python}" -m celery "$@"`,
    });
    const adapt = (code: string) => code.replaceAll('redis://localhost:6379/0', redis.url());
    const notRun = await runPage('docs/start.md', { folder, env, adapt });
    expect(notRun.map(({ code }) => code)).toEqual([
      'npm install celery-beat\n',
      'pip install "celery[sqlalchemy]"\n',
    ]);
    expect(findCodeBlocks(readPage('docs/start.md')).length).toBeGreaterThan(10);
  },
  120_000,
);
