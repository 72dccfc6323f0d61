import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BUILT } from '../support/beat-process.ts';
import { NEWEST, findCelery, requireCelery } from '../support/celery.ts';
import { Folder } from '../support/folder.ts';
import { ROOT } from '../support/markdown.ts';
import { RedisServer } from '../support/redis.ts';
import { makeCommands, runPage } from '../support/run-page.ts';

const FIXTURES = join(ROOT, 'test/fixtures');
const BEAT = `exec "${process.execPath}" "${BUILT}" "$@"`;

/** A folder with the app `proj`, and the commands and variables of a shell in which its virtual environment is active. */
function makeProject(folder: Folder, app: string, env: Readonly<Record<string, string>>) {
  const projects = join(FIXTURES, 'celery-projects');
  cpSync(join(projects, `${app}.py`), join(folder.path, 'proj.py'));
  cpSync(join(projects, 'moving_tasks.py'), join(folder.path, 'moving_tasks.py'));
  const virtualEnv = join(findCelery(NEWEST)!.python, '../..');
  return { ...makeCommands(folder, { beat: BEAT }), VIRTUAL_ENV: virtualEnv, ...env };
}

/** Fills the store of the app `proj`. */
function fill(folder: Folder, env: Readonly<Record<string, string>>): void {
  const { status, stderr } = spawnSync(findCelery(NEWEST)!.python, ['proj.py'], {
    cwd: folder.path,
    encoding: 'utf8',
    env: { ...process.env, ...env },
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
test.skipIf(withoutRedBeat)(withoutRedBeat || 'docs/moving/from-redbeat.md: every command works', async () => {
  await using redis = await RedisServer.start();
  using folder = new Folder();
  const env = makeProject(folder, 'moving_redbeat', { REDBEAT_URL: redis.url(), CELERY_BROKER_URL: redis.url() });
  fill(folder, env);
  const adapt = (code: string) => code.replaceAll('redis://localhost:6379/0', redis.url());
  expect(await runPage('docs/moving/from-redbeat.md', { folder, env, adapt })).toEqual([]);
});

const withoutDjango = requireCelery(NEWEST, 'django', 'django_celery_beat');
test.skipIf(withoutDjango)(withoutDjango || 'docs/moving/from-django-celery-beat.md: every command works', async () => {
  await using redis = await RedisServer.start();
  using folder = new Folder();
  const env = makeProject(folder, 'moving_django', { SITE_DATABASE: 'db.sqlite3', CELERY_BROKER_URL: redis.url() });
  fill(folder, env);
  // Imports from servers have tests of their own.
  const adapt = (code: string) =>
    code.replaceAll('redis://localhost:6379/0', redis.url()).replaceAll(/(?:postgresql|mysql):\/\/\S+/g, 'db.sqlite3');
  const notRun = await runPage('docs/moving/from-django-celery-beat.md', { folder, env, adapt });
  expect(notRun).toEqual([]);
});
