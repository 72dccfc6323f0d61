import { afterEach, beforeEach, expect, test } from 'vitest';
import { ConfigFiles, type ConfigFilesOptions } from '../../../src/config/config-files.ts';
import { ConfigError } from '../../../src/util/errors.ts';
import { Folder } from '../../support/folder.ts';

let folder: Folder;
let threads: number;
const countThread = () => (threads += 1);
beforeEach(() => {
  folder = new Folder();
  threads = 0;
  process.on('worker', countThread);
});
afterEach(() => {
  process.off('worker', countThread);
  folder[Symbol.dispose]();
});

const NAMES = Array.from({ length: 2_500 }, (_, i) => `entry ${i}`);
/** Larger than what the main thread parses, and in several parts. The setting in line 1 is a warning. */
const yaml = (schedule: string) =>
  ['workerPool: solo', 'beatSchedule:', ...NAMES.map((name) => `  ${name}: ${schedule}`)].join('\n');
const ENTRY = '{ task: t, schedule: { crontab: { minute: 5 } }, args: [9007199254740993, é] }';

/** Reads twice, as at the start and at a reload, and returns what the second read found. */
async function readAgain(path: string, options: Partial<ConfigFilesOptions> = {}) {
  const files = new ConfigFiles(path, { cwd: folder.path, ...options });
  const first = await files.read();
  expect(threads).toBe(0);
  return { first, second: await files.read(), files };
}

const summarize = (settings: Awaited<ReturnType<ConfigFiles['read']>>) => ({
  ...settings,
  entries: settings.entries.map((entry) => ({ ...entry, schedule: entry.schedule.spec })),
  // Routes have functions.
  routes: JSON.stringify(settings.routes),
  definitions: null,
});

test.each([
  ['YAML', 'beat.config.yaml', yaml(ENTRY)],
  [
    'JSON',
    'beat.config.json',
    JSON.stringify({
      workerPool: 'solo',
      beat_schedule: Object.fromEntries(NAMES.map((name) => [name, { task: 't', schedule: 5 }])),
      taskRoutes: NAMES.map((name) => [name, { queue: name }]),
    }),
  ],
])('a reload of a large file in %s is read in a thread, with the same result', async (_, name, text) => {
  folder.write(name, text);
  const { first, second } = await readAgain(name);
  expect(threads).toBe(1);
  expect(first.entries).toHaveLength(NAMES.length + 1);
  expect(first.warnings).not.toEqual([]);
  expect(summarize(second)).toEqual(summarize(first));
});

test('a reload of a large invalid file has the errors of a start, with their lines', async () => {
  folder.write('beat.config.yaml', yaml(ENTRY));
  const files = new ConfigFiles('beat.config.yaml', { cwd: folder.path });
  await files.read();
  folder.write('beat.config.yaml', yaml(ENTRY).replace('entry 2000: { task', 'entry 2000: { tusk'));
  const again = await files.read().catch((error: unknown) => error);
  expect(threads).toBe(1);
  const first = await new ConfigFiles('beat.config.yaml', { cwd: folder.path }).read().catch((error: unknown) => error);
  expect(again).toBeInstanceOf(ConfigError);
  expect((again as ConfigError).errors).toEqual((first as ConfigError).errors);
  expect((again as ConfigError).errors[0]).toMatchObject({ line: 2_003 });
});

test('a reload of a file with thousands of errors returns some of the errors, and the number of all', async () => {
  folder.write('beat.config.yaml', yaml(ENTRY));
  const files = new ConfigFiles('beat.config.yaml', { cwd: folder.path });
  await files.read();
  folder.write('beat.config.yaml', yaml('{ task: 5, schedule: 5 }'));
  const { errors } = (await files.read().catch((error: unknown) => error)) as ConfigError;
  expect(errors).toHaveLength(1_001);
  expect(errors.at(-1)!.message).toBe('and 1,500 more errors');
});

test('the memory for reading is estimated from the bytes of JSON and YAML, and is 0 without files', async () => {
  folder.write('data/a.json', '{}'.padEnd(1_000));
  folder.write('data/b.yaml', 'beatSchedule: {}'.padEnd(100));
  folder.write('data/c.mjs', 'export default {}');
  const measure = (path: string) => new ConfigFiles(path, { cwd: folder.path }).measure();
  expect(await measure('data')).toEqual({ bytes: 1_100, memory: 25 * 1_000 + 180 * 100 });
  expect(await measure('missing')).toEqual({ bytes: 0, memory: 0 });
});

test('a reload of a small file, of a module, or without memory for a thread is read in the main thread', async () => {
  folder.write('small.yaml', `beatSchedule: { e: ${ENTRY} }`);
  folder.write('module.mjs', `${' '.repeat(100_000)}export default { beatSchedule: {} }`);
  folder.write('large.yaml', yaml(ENTRY));
  await readAgain('small.yaml');
  await readAgain('module.mjs');
  await readAgain('large.yaml', { availableMemory: () => 60_000_000 });
  expect(threads).toBe(0);
});
