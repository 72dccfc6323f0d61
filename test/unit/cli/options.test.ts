import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { settingsOf } from '../../../src/cli/options.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'beat-options-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

it('the state is where the flag says, else the variable, else the file', async () => {
  const config = file('beat.yaml', 'brokerUrl: amqp://rabbit\nstateUrl: redis://file\n');
  const secret = file('secret', 'redis://:secret@mounted\n');
  const stateOf = async (flags: object, env: Record<string, string>) =>
    (await settingsOf({ config, ...flags }, env)).stateUrl;
  const BEAT_STATE_URL = 'redis://variable';
  expect(await stateOf({ state: 'redis://flag' }, { BEAT_STATE_URL })).toBe('redis://flag');
  expect(await stateOf({}, { BEAT_STATE_URL })).toBe(BEAT_STATE_URL);
  expect(await stateOf({}, { BEAT_STATE_URL_FILE: secret })).toBe('redis://:secret@mounted');
  expect(await stateOf({}, {})).toBe('redis://file');
});
