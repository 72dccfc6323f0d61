import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BUILT } from '../support/beat-process.ts';
import { CELERIES, findCelery, requireCelery } from '../support/celery.ts';
import { Folder } from '../support/folder.ts';
import { ROOT } from '../support/markdown.ts';
import { RedisServer } from '../support/redis.ts';
import { makeCommands, runPage } from '../support/run-page.ts';

const FIXTURES = join(ROOT, 'test/fixtures');
const NEWEST = CELERIES[1]!;
const BEAT = `exec "${process.execPath}" "${BUILT}" "$@"`;

/** Runs a Python script of this project that fills a store. */
function fill(script: string, argument: string): void {
  const path = join(ROOT, 'test/support', script);
  const { status, stderr } = spawnSync(findCelery(NEWEST)!.python, [path, argument], {
    encoding: 'utf8',
  });
  expect({ status, stderr }).toMatchObject({ status: 0 });
}

test('docs/moving/from-crontab.md: every command works', async () => {
  using folder = new Folder();
  const env = makeCommands(folder, { beat: BEAT, crontab: 'echo "0 1 * * * /usr/bin/backup"' });
  const adapt = (code: string) =>
    code
      .replaceAll('/etc/anacrontab', join(FIXTURES, 'crontab/anacrontab'))
      .replaceAll('--system', `${join(FIXTURES, 'crontab/cron.d')} --system`);
  expect(await runPage('docs/moving/from-crontab.md', { folder, env, adapt })).toEqual([]);
});

test('docs/moving/from-kubernetes-cronjob.md: every command works', async () => {
  using folder = new Folder();
  const kubectl = `cat "${join(FIXTURES, 'kubernetes/list.yaml')}"`;
  const env = makeCommands(folder, { beat: BEAT, kubectl });
  const adapt = (code: string) => code;
  const notRun = await runPage('docs/moving/from-kubernetes-cronjob.md', { folder, env, adapt });
  expect(notRun).toEqual([]);
});

const withoutRedBeat = requireCelery(NEWEST, 'redbeat');
test.skipIf(withoutRedBeat)(
  withoutRedBeat || 'docs/moving/from-redbeat.md: every command works',
  async () => {
    await using redis = await RedisServer.start();
    using folder = new Folder();
    fill('redbeat_entries.py', redis.url());
    const env = makeCommands(folder, { beat: BEAT });
    const adapt = (code: string) => code.replaceAll('redis://localhost:6379/0', redis.url());
    expect(await runPage('docs/moving/from-redbeat.md', { folder, env, adapt })).toEqual([]);
  },
);

const withoutDjango = requireCelery(NEWEST, 'django', 'django_celery_beat');
test.skipIf(withoutDjango)(
  withoutDjango || 'docs/moving/from-django-celery-beat.md: every command works',
  async () => {
    await using redis = await RedisServer.start();
    using folder = new Folder();
    const database = {
      ...{ ENGINE: 'django.db.backends.sqlite3', NAME: join(folder.path, 'db.sqlite3') },
    };
    fill('django_tasks.py', JSON.stringify(database));
    const env = makeCommands(folder, { beat: BEAT });
    // Imports from servers have tests of their own.
    const adapt = (code: string) =>
      code
        .replaceAll('redis://localhost:6379/0', redis.url())
        .replaceAll(/(?:postgresql|mysql):\/\/\S+/g, 'db.sqlite3');
    const notRun = await runPage('docs/moving/from-django-celery-beat.md', { folder, env, adapt });
    expect(notRun).toEqual([]);
  },
);
