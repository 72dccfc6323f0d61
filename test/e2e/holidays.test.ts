import { expect, test } from 'vitest';
import { runBeat } from '../support/beat-process.ts';
import { Folder } from '../support/folder.ts';

const HIDE = `
  import { registerHooks } from 'node:module';
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier !== 'date-holidays') return next(specifier, context);
      throw Object.assign(new Error('not found'), { code: 'MODULE_NOT_FOUND' });
    },
  });
`;

test('holidays without the package date-holidays are an error with the command that installs it', async () => {
  const entry = { task: 't', schedule: { cron: '0 9 * * *' }, only: { businessDays: 'DE' } };
  using folder = new Folder({
    'beat.config.json': JSON.stringify({ resultExpires: null, beatSchedule: { e: entry } }),
  });
  const hidden = `--import=data:text/javascript,${encodeURIComponent(HIDE)}`;
  const run = (env: Record<string, string>) => runBeat(['check'], { cwd: folder.path, env });
  expect(await run({ NODE_OPTIONS: hidden })).toMatchObject({
    code: 2,
    stderr:
      'beat.config.json:1: beatSchedule.e.only.businessDays: needs the package date-holidays, which is not installed; run: npm install date-holidays',
  });
  expect(await run({})).toMatchObject({ code: 0 });
});
