import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { Folder } from '../../../support/folder.ts';

// Each case runs in a Node of its own: a test runner that rewrites imports would answer for itself.

const LOAD = new URL('../../../../src/config/config-files.ts', import.meta.url).href;

const SCRIPT = `
const { ConfigFiles } = await import(${JSON.stringify(LOAD)});
const { crontab } = await import(${JSON.stringify(new URL('../schedule/crontab.ts', LOAD).href)});
const out = [];
for (const file of process.argv.slice(1)) {
  try {
    const { keyPrefix, entries } = await new ConfigFiles(file, { cwd: process.cwd() }).read();
    const shared = entries.some(({ schedule }) => schedule === crontab({ minute: 7 }, { timezone: 'UTC' }));
    out.push({ keyPrefix, names: entries.map(({ name }) => name), shared });
  } catch (error) {
    out.push({ problems: error.message });
  }
}
console.log(JSON.stringify(out));
`;

/** What comes of each file, loaded from a folder that has nothing else: no package.json, no node_modules. */
function load(files: Readonly<Record<string, string>>, ...names: string[]): unknown[] {
  using folder = new Folder(files);
  const asked = names.length > 0 ? names : Object.keys(files);
  const args = ['--input-type=module', '--eval', SCRIPT, ...asked];
  const output = execFileSync(process.execPath, args, { cwd: folder.path, encoding: 'utf8' });
  return (JSON.parse(output) as unknown[]).map(
    (each) => JSON.parse(JSON.stringify(each).replaceAll(folder.path, '.')) as unknown,
  );
}

describe('a module', () => {
  test('exports its configuration, or a function that returns it or a promise of it', () => {
    const loaded = load({
      'a.ts': 'const p: string = "a";\nexport default { keyPrefix: p };',
      'b.mts': 'export default (): object => ({ keyPrefix: "b" });',
      'c.mjs': 'export default async () => ({ keyPrefix: "c" });',
      'd.js': 'export default { keyPrefix: await "d" };',
      'e.js': 'module.exports = { keyPrefix: "e" };',
    });
    expect(loaded).toMatchObject('abcde'.split('').map((keyPrefix) => ({ keyPrefix })));
  });

  test.each([
    ['a.ts', ''],
    ['a.ts', '// export default defineConfig({})\n'],
    ['a.js', ''],
    ['a.mjs', ''],
    ['a.ts', 'export default null;'],
    ['a.ts', 'export default () => null;'],
  ])('that exports nothing is an error: %s %j', (name, text) => {
    const nothing = `${name}: exports nothing by default; write: export default defineConfig({…})`;
    expect(load({ [name]: text })).toEqual([{ problems: nothing }]);
  });

  test('may import celery-beat from any folder, and so may what it imports', () => {
    const loaded = load(
      {
        'a.ts': `import { timedelta } from 'celery-beat';
import { later } from './helper.ts';
export default { beatSchedule: { a: { task: 't', schedule: timedelta({ minutes: 5 }) }, later } };`,
        'helper.ts': `import { at } from 'celery-beat';
export const later = { task: 't', schedule: at('2040-01-01T00:00:00Z') };`,
      },
      'a.ts',
    );
    expect(loaded).toMatchObject([{ names: ['a', 'later', 'celery.backend_cleanup'] }]);
  });

  test('and its helpers get the same copy of the package', () => {
    const loaded = load(
      {
        'a.ts': `import { defineConfig } from 'celery-beat';
import { often } from './helper.ts';
export default defineConfig({ beatSchedule: { a: { task: 't', schedule: often } } });`,
        'helper.ts': `import { crontab } from 'celery-beat';
export const often = crontab({ minute: 7 });`,
      },
      'a.ts',
    );
    expect(loaded).toMatchObject([{ names: ['a', 'celery.backend_cleanup'], shared: true }]);
  });

  test('with an error has its file and line if they are known', () => {
    const loaded = load(
      {
        'syntax.ts': 'const a: number = 1;\nexport default { a: 1 ;\n',
        'syntax.mjs': '\nexport default { a: 1 ;\n',
        'enum.ts': '\nenum A { B }\nexport default A;\n',
        'throws.ts': 'interface A {}\n\nthrow new Error("boom");\nexport default {};\n',
        'later.ts': 'export default () => {\n  throw new TypeError("boom");\n};\n',
        'gone.ts': 'import x from "./nowhere.ts";\nexport default x;\n',
        'helper.ts': 'export const y = 1;\nexport const x = = 1;\n',
        'uses.ts': 'import { y } from "./helper.ts";\nexport default { y };\n',
        'nothing.ts': 'export const config = {};\n',
        'field.ts':
          'import { crontab } from "celery-beat";\nexport default {\n s: crontab({ minute: 61, houre: 1 }) };\n',
        'odd name%20.ts': '\nthrow new Error("boom");\nexport {};\n',
      },
      ...['syntax.ts', 'syntax.mjs', 'enum.ts', 'throws.ts', 'later.ts', 'gone.ts'],
      ...['uses.ts', 'nothing.ts', 'field.ts', 'odd name%20.ts'],
    );
    const problems = loaded.map((each) => (each as { problems: string }).problems);
    expect(problems).toEqual([
      expect.stringMatching(/^syntax\.ts:2: SyntaxError: /),
      expect.stringMatching(/^syntax\.mjs:2: SyntaxError: /),
      expect.stringMatching(/^enum\.ts:2: SyntaxError: TypeScript enum is not supported/),
      'throws.ts:3: boom',
      'later.ts:2: TypeError: boom',
      expect.stringMatching(/^gone\.ts: Cannot find module '.*nowhere\.ts'$/),
      expect.stringMatching(/^uses\.ts: SyntaxError: .* \(.*\/helper\.ts:2\)$/),
      'nothing.ts: exports nothing by default; write: export default defineConfig({…})',
      expect.stringMatching(/^field\.ts:3: houre: .*\nfield\.ts:3: minute: 61 is out of range/),
      'odd name%20.ts:2: boom',
    ]);
  });
});
