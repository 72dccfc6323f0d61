import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Folder } from '../support/folder.ts';
import { runVitest } from '../support/vitest-run.ts';

const SCRIPTS = join(import.meta.dirname, '..', '..', 'scripts');
const OK = `import { test } from 'vitest'; test('passes', () => {});`;

/** What CI ends with: vitest with the reporter, then the script that prints the counts. */
async function lastLineOf(files: Record<string, string>): Promise<string> {
  using folder = new Folder({ tally: '' });
  const file = join(folder.path, 'tally');
  const { code } = await runVitest(
    { ...files, 'ok.test.js': OK },
    { args: ['--reporter=default', `--reporter=${join(SCRIPTS, 'tally-reporter.ts')}`], env: { TALLY_FILE: file } },
  );
  const { line, status } = tally(file, code ?? 1);
  expect(status).toBe(code);
  return line;
}

function tally(file: string, status: number) {
  const args = [join(SCRIPTS, 'tally.ts'), file, String(status)];
  const { stdout, status: code } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return { line: stdout.trimEnd(), status: code };
}

describe('the last line of CI', () => {
  test('counts passed, failed and skipped tests', async () => {
    const body = `
      import { describe, test } from 'vitest';
      test('passes', () => {});
      test.skip('skipped', () => {});
      test.todo('to be written');
      test('skips itself', ({ skip }) => skip());
      describe.skip('a group', () => { test('skipped', () => {}); });`;
    expect(await lastLineOf({ 'a.test.js': body })).toBe('2 passed, 0 failed, 4 skipped');
    const failing = `import { test } from 'vitest'; test('fails', () => { throw new Error('no'); });`;
    expect(await lastLineOf({ 'a.test.js': failing })).toBe('1 passed, 1 failed, 0 skipped');
  });

  test('counts a rejection without a handler as failed, though its test passes', async () => {
    const body = `
      import { test } from 'vitest';
      test('passes', () => void Promise.reject(new Error('no')));`;
    expect(await lastLineOf({ 'a.test.js': body })).toBe('2 passed, 1 failed, 0 skipped');
  });

  test('counts failures outside of tests, and the tests that did not run because of them', async () => {
    const files = {
      'throws-at-import.test.js': `throw new Error('at import');`,
      'without-tests.test.js': `export {};`,
      'after-all.test.js': `
        import { afterAll, test } from 'vitest';
        afterAll(() => { throw new Error('no'); });
        test('passes', () => {});`,
      'before-all.test.js': `
        import { beforeAll, describe, test } from 'vitest';
        describe('a group', () => {
          beforeAll(() => { throw new Error('no'); });
          test('one', () => {});
          test('two', () => {});
          describe('within', () => test('three', () => {}));
        });`,
      'process-dies.test.js': `
        import { test } from 'vitest';
        test('one', () => {});
        test('two', () => { process.kill(process.pid, 'SIGKILL'); return new Promise(() => {}); });
        test('three', () => {});`,
    };
    // One for each of the first three files; for each of the others its three tests, and what ended them.
    expect(await lastLineOf(files)).toBe('2 passed, 11 failed, 0 skipped');
  });

  test('counts a failure where vitest fails and no test did', async () => {
    const config = `export default { test: { globalSetup: './setup.mjs' } };`;
    const teardown = `export const teardown = () => { process.exitCode = 1; throw new Error('no'); };`;
    const files = { 'vitest.config.mjs': config, 'setup.mjs': teardown };
    expect(await lastLineOf(files)).toBe('1 passed, 1 failed, 0 skipped');
  });

  test('is a failure if no test ran or none passed', () => {
    using folder = new Folder({ empty: '', none: '{"passed":0,"failed":0,"skipped":3}' });
    const path = (name: string) => join(folder.path, name);
    expect(tally(path('empty'), 0)).toEqual({ line: '0 passed, 1 failed, 0 skipped', status: 1 });
    expect(tally(path('none'), 0)).toEqual({ line: '0 passed, 0 failed, 3 skipped', status: 1 });
  });
});
