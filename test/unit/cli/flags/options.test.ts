import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readSettings } from '../../../../src/cli/flags/options.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'beat-options-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test('options: the state URL comes from the flag, else the variable, else the file', async () => {
  const config = file('beat.yaml', 'brokerUrl: amqp://rabbit\nstateUrl: redis://file\n');
  const secret = file('secret', 'redis://:secret@mounted\n');
  const stateOf = async (flags: object, env: Record<string, string>) =>
    (await readSettings({ config, ...flags }, env)).state.url;
  const BEAT_STATE_URL = 'redis://variable';
  expect(await stateOf({ state: 'redis://flag' }, { BEAT_STATE_URL })).toBe('redis://flag');
  expect(await stateOf({}, { BEAT_STATE_URL })).toBe(BEAT_STATE_URL);
  expect(await stateOf({}, { BEAT_STATE_URL_FILE: secret })).toBe('redis://:secret@mounted');
  expect(await stateOf({}, {})).toBe('redis://file');
});

test("options: the broker URL comes from the first of its variables, in Celery's order", async () => {
  const config = file('beat.yaml', 'brokerUrl: redis://file\n');
  const variables = {
    BEAT_BROKER_URL: 'redis://beat',
    CELERY_BROKER_WRITE_URL: 'redis://write',
    BROKER_URL: 'redis://plain',
    CELERY_BROKER_URL: 'redis://celery',
  };
  const env: Record<string, string> = { ...variables };
  for (const [name, url] of Object.entries(variables)) {
    expect((await readSettings({ config }, env)).broker.url).toBe(url);
    expect((await readSettings({ config, broker: 'redis://flag' }, env)).broker.url).toBe('redis://flag');
    // As in a compose file that leaves it out.
    env[name] = '';
  }
  expect((await readSettings({ config }, env)).broker.url).toBe('redis://file');
});

test("options: the result backend comes from the flag, otherwise from the variables, in Celery's order", async () => {
  const config = file('beat.yaml', 'resultBackend: redis://file\n');
  const urlOf = async (flags: object, env: Record<string, string>) =>
    (await readSettings({ config, ...flags }, env)).results.backend?.url;
  const CELERY_RESULT_BACKEND = 'rpc://';
  expect(await urlOf({ resultBackend: 'redis://flag' }, { CELERY_RESULT_BACKEND })).toBe('redis://flag');
  expect(await urlOf({}, { RESULT_BACKEND: 'redis://plain', CELERY_RESULT_BACKEND })).toBe('redis://plain');
  expect(await urlOf({}, { CELERY_RESULT_BACKEND })).toBe('rpc://');
  expect(await urlOf({}, {})).toBe('redis://file');
});

test.each(['celeryconfig', 'proj.celeryconfig', 'celeryconfig.py'])(
  'options: rejects the Python module --config %s and names the alternative',
  async (config) => {
    await expect(readSettings({ config }, {})).rejects.toThrow(
      `--config ${config}: beat does not read Python modules; copy its settings`,
    );
  },
);

test('options: explains --app if there is no configuration', async () => {
  const before = process.cwd();
  process.chdir(folder);
  try {
    await expect(readSettings({ app: 'proj' }, {})).rejects.toThrow(
      /^no configuration found[^]*--app proj: beat does not load Python apps/,
    );
    await expect(readSettings({}, {})).rejects.not.toThrow('--app');
  } finally {
    process.chdir(before);
  }
});

test('options: BEAT_MAX_CONFIG_SIZE limits files, in bytes or with a unit', async () => {
  const config = file('beat.yaml', `keyPrefix: ${'x'.repeat(2_000)}\n`);
  const load = async (size: string) => {
    await readSettings({ config }, { BEAT_MAX_CONFIG_SIZE: size });
  };
  for (const size of ['1000', '1KiB', '0']) await expect(load(size)).rejects.toThrow('BEAT_MAX_CONFIG_SIZE');
  for (const size of ['', '3000', '2KiB', '1 MiB', '1GiB']) await load(size);
  for (const size of ['1MB', '-1', '1e3', 'x']) {
    await expect(load(size)).rejects.toThrow(/^BEAT_MAX_CONFIG_SIZE: expected a number of bytes/);
  }
});
