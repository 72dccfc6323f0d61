import { afterEach, beforeEach, expect, test } from 'vitest';
import { runBeat, SOURCE } from '../../support/beat-process.ts';
import { Folder } from '../../support/folder.ts';

let folder: Folder;
beforeEach(() => {
  folder = new Folder({
    'warns.config.ts': `
      process.emitWarning('SQLite is an experimental feature', 'ExperimentalWarning');
      process.emitWarning('the disk is old', { code: 'OLD' });
      export default { brokerUrl: 'memory://', resultExpires: null, beatSchedule: {} };`,
  });
});
afterEach(() => folder[Symbol.dispose]());

const beat = (args: readonly string[], env: Record<string, string> = {}) =>
  runBeat(args, { cwd: folder.path, script: SOURCE, env });

/** A Node that reports another version. */
function node(version: string): Record<string, string> {
  const code = `Object.defineProperty(process,"versions",{value:{...process.versions,node:"${version}"}})`;
  const others = process.env['NODE_OPTIONS'] ?? '';
  return { NODE_OPTIONS: `${others} --import data:text/javascript,${encodeURIComponent(code)}` };
}

test('beat: hides the warning that SQLite is experimental, and no other', async () => {
  const { code, stderr } = await beat(['check', '-c', 'warns.config.ts']);
  expect(code).toBe(0);
  expect(stderr).toContain('[OLD] Warning: the disk is old');
  expect(stderr).not.toContain('SQLite');
});

test.each(['20.20.2', '22.17.1'])('beat: rejects Node %s with one message', async (version) => {
  expect(await beat(['--version'], node(version))).toMatchObject({
    code: 2,
    stdout: '',
    stderr: `beat needs Node 22.18 or newer; this is Node ${version}`,
  });
});

test.each(['22.18.0', '23.0.0', '24.1.2'])('beat: runs on Node %s', async (version) => {
  expect(await beat(['--version'], node(version))).toMatchObject({ code: 0, stderr: '' });
});

test('beat: exits with the code of the command', async () => {
  expect(await beat(['check', '-c', 'missing.yaml'])).toMatchObject({ code: 2, stdout: '' });
});
