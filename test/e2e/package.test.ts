import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BeatProcess, runBeat } from '../support/beat-process.ts';
import { Folder } from '../support/folder.ts';

const ROOT = join(import.meta.dirname, '../..');
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

const CONFIG = `
import { defineConfig, timedelta } from 'celery-beat';

export default defineConfig({
  beatSchedule: { quick: { task: 'tasks.quick', schedule: timedelta({ milliseconds: 200 }) } },
});
`;

const PROGRAM = `
import { Beat, crontab, defineConfig } from 'celery-beat';
import { due } from 'celery-beat/testing';

const config = defineConfig({
  beatSchedule: { hourly: { task: 'tasks.hourly', schedule: crontab({ minute: 0 }) } },
});
const day = { from: '2027-01-01T00:00Z', until: '2027-01-02T00:00Z' };
const entries: string[] = due(config, day).map((run) => run.entry);
console.log(typeof Beat, entries.length);

// @ts-expect-error: an entry needs a schedule
export const invalid = () => defineConfig({ beatSchedule: { broken: { task: 'tasks.broken' } } });
`;

/** A project that has installed the packed package: nothing of the clone but production dependencies resolves in it. */
let project: Folder;
let packed: string[];
let script: string;

beforeAll(() => {
  project = new Folder({
    'beat.config.ts': CONFIG,
    'package.json': '{ "private": true }',
    'program.mts': PROGRAM,
    'program.cts': PROGRAM,
  });
  const output = run('npm', 'pack', ROOT, '--ignore-scripts', '--json');
  const [{ filename, files }] = JSON.parse(output) as [{ filename: string; files: { path: string }[] }];
  packed = files.map(({ path }) => path);

  const modules = join(project.path, 'node_modules');
  const folder = join(modules, 'celery-beat');
  mkdirSync(folder, { recursive: true });
  run('tar', '-xzf', filename, '--strip-components=1', '-C', folder);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
    bin: Record<string, string>;
  };
  // `@types/node` is a peer of mysql2, which npm installs.
  for (const name of [...Object.keys(manifest.dependencies), '@types/node']) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  }
  script = join(folder, manifest.bin['celery-beat']!);
});
afterAll(() => project[Symbol.dispose]());

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { cwd: project.path, encoding: 'utf8' });
}

test('npm package: contains the build, the schema, files for Python and systemd, and no sources', () => {
  const top = new Set(packed.map((path) => path.replace(/\/.*/, '')));
  expect([...top].sort()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'bundle',
    'deploy',
    'dist',
    'package.json',
    'python',
    'schema',
  ]);
  const assets = packed.filter((path) => path.startsWith('dist/http/assets/'));
  const others = packed.filter((path) => !assets.includes(path));
  const kinds = /\.(js|d\.ts|lua|json|md|py|service)$|^LICENSE$/;
  expect(others.filter((path) => !kinds.test(path))).toEqual([]);
});

test('npm package: contains all scripts that Redis runs', () => {
  const scripts = packed.filter((path) => path.endsWith('.lua'));
  const sources = globSync('drivers/redis/scripts/**/*.lua', { cwd: join(ROOT, 'src') });
  expect(scripts.toSorted()).toEqual(sources.map((path) => `dist/${path}`).toSorted());
});

test('npm package: contains all static files of the dashboard', () => {
  const assets = packed.filter((path) => path.startsWith('dist/http/assets/'));
  const sources = readdirSync(join(ROOT, 'src/http/assets'));
  expect(assets.toSorted()).toEqual(sources.map((name) => `dist/http/assets/${name}`).toSorted());
});

test('npm package: prints its version, validates a configuration in TypeScript and sends its runs', async () => {
  const cwd = project.path;
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  expect(await runBeat(['--version'], { cwd, script })).toMatchObject({ code: 0, stdout: version });
  expect(await runBeat(['check'], { cwd, script })).toMatchObject({ code: 0, stderr: '' });
  await using beat = new BeatProcess({ cwd, script });
  await beat.waitForRuns(1);
  expect(await beat.stop()).toEqual({ code: 0, signal: null });
});

test('npm package: programs with import and with require compile under the default options of tsc, and run', () => {
  const options = ['--ignoreConfig', '--strict', '--target', 'es2022', '--module', 'nodenext'];
  // tsc prints errors, and exits with a code that makes `run` throw.
  expect(run(process.execPath, TSC, ...options, 'program.mts', 'program.cts')).toBe('');
  expect(run(process.execPath, 'program.mjs')).toBe('function 24\n');
  expect(run(process.execPath, 'program.cjs')).toBe('function 24\n');
});
