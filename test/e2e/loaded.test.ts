import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BeatProcess, runBeat } from '../support/beat-process.ts';
import manifest from '../../package.json' with { type: 'json' };
import { Folder } from '../support/folder.ts';

const HOOK = join(import.meta.dirname, '../support/list-modules.mjs');

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder[Symbol.dispose]());

const list = () => join(folder.path, 'modules.txt');
const env = () => ({ NODE_OPTIONS: `--import=${HOOK}`, LIST_MODULES_TO: list() });
/** Those that beat asks for itself, and not for the sake of another. */
const loaded = () => {
  const names = new Set(readFileSync(list(), 'utf8').trimEnd().split('\n'));
  return [...names].filter((name) => name in manifest.dependencies).sort();
};

/** What a start that sends one task loads. */
async function start(config: object, args: readonly string[] = []): Promise<string[]> {
  folder.write('beat.config.json', JSON.stringify(config));
  await using beat = new BeatProcess({ cwd: folder.path, env: env(), args });
  if (args.length > 0) await beat.lines.first('a run', (line) => line.includes('Sending due'));
  else await beat.waitForRuns(1);
  await beat.stop();
  return loaded();
}

const entry = { task: 'tasks.quick', schedule: 0.1 };
const crontab = { task: 'tasks.never', schedule: { crontab: { minute: 0, monthOfYear: 1 } } };

/** What every start loads: nothing that only some configurations need. */
const BASE = ['commander', 'jsonc-parser', 'luxon', 'pino', 'tinyqueue', 'zod'];

describe('the packages that a start loads', () => {
  it('are those that every start needs, with a configuration in JSON, crontabs and a JSON log', async () => {
    expect(await start({ beatSchedule: { quick: entry, crontab } })).toEqual(BASE);
  });

  it.each([
    ['yaml', 'yaml', { options: { serializer: 'yaml' } }],
    ['msgpack', '@msgpack/msgpack', { options: { serializer: 'msgpack' } }],
    ['lzma', 'lzma1', { options: { compression: 'lzma' } }],
  ])('are one more where an entry uses %s', async (_name, name, options) => {
    const beatSchedule = { quick: { ...entry, ...options } };
    expect(await start({ beatSchedule })).toEqual([...BASE, name].sort());
  });

  it('are one more where an entry is solar', async () => {
    const solar = { event: 'sunrise', latitude: 59.9, longitude: 10.7 };
    const beatSchedule = { quick: entry, sunrise: { task: 't', schedule: { solar } } };
    expect(await start({ beatSchedule })).toEqual([...BASE, 'astronomy-engine'].sort());
  });

  it('are more where the log is text', async () => {
    const packages = await start({ beatSchedule: { quick: entry } }, ['--log-format', 'text']);
    expect(packages).toContain('pino-pretty');
  });

  it('are one more for a configuration in YAML, and one for the words of beat list', async () => {
    folder.write(
      'beat.config.yaml',
      'beatSchedule: {a: {task: t, schedule: {crontab: {minute: 0}}}}',
    );
    expect(existsSync(list())).toBe(false);
    await runBeat(['check'], { cwd: folder.path, env: env() });
    expect(loaded()).toContain('yaml');
    expect(loaded()).not.toContain('cronstrue');
    await runBeat(['list'], { cwd: folder.path, env: env() });
    expect(loaded()).toContain('cronstrue');
  });
});
