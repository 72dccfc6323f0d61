import { globSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readJson } from '../../../../src/config/source/json.ts';
import { readYaml } from '../../../../src/config/source/yaml.ts';
import { yamlToJson } from '../../../../src/config/source/yaml-to-json.ts';
import type { Source } from '../../../../src/config/source/source.ts';
import type { Path } from '../../../../src/config/validate.ts';

/** BEAT_FUZZ_RUNS and BEAT_FUZZ_SEED make it longer, and another. */
const numRuns = Number(process.env['BEAT_FUZZ_RUNS'] ?? 1_000);
const seed = Number(process.env['BEAT_FUZZ_SEED'] ?? 8);

/** Lines of texts that are mostly common, and of some that only the library reads. */
const plain = fc.constantFrom(
  ...['a', 'tasks.add', 'send report', 'x y  z', '0', '-0', '-5', '+5', '007', '12', '1.50', '1.', '.5', '-.5', '1e3'],
  ...['9007199254740993', '-123456789012345678901234567890', '0x1F', '0o17', '0b1', '1_000', '12-25', '09:00-17:00'],
  ...['2030-01-31T08:00:00Z', '2030-01-31', '~', 'null', 'Null', 'nUll', 'true', 'False', 'yes', 'on', '.inf', '.NaN'],
  ...[
    'a:b',
    'a: b',
    'a #b',
    'a#b',
    '#a',
    '*/5',
    '* * * * *',
    '0 4 * * *',
    '&a',
    '*a',
    '!a',
    '!!str 1',
    '|',
    '>-',
    '%a',
  ],
  ...[
    '<<',
    '=',
    '-',
    '--',
    '- a',
    '?',
    '? a',
    ':',
    ':a',
    '@a',
    '`a',
    '{{dueAt}}',
    'x {{dueAt}}',
    'a]',
    'a}',
    'a,b',
    ',',
  ],
  ...[
    'é',
    '\u{1f600}',
    '\u00a0a',
    'a\u00a0',
    '\ufeff',
    '\u2028',
    '\u0085',
    'a\tb',
    '\ta',
    'a\t',
    '---',
    '...',
    '-a',
    '-1a',
  ],
  ...['__proto__', 'constructor', 'http://h/p?q=1', '$HOME', '(a)', '+', '.', 'a\\b', "it's", 'say "a"', '', ' '],
);
const quoted = fc.constantFrom(
  ...[
    '""',
    "''",
    '"a"',
    "'a'",
    "'it''s'",
    '"a\\nb"',
    '"\\""',
    '"\\u0041"',
    '"\\x41"',
    '"\\/"',
    '"a: b"',
    "'# a'",
    '"<<"',
  ],
  ...['"a" b', "'a'b", '"a', "'a", '"5"', "'null'", '"a"#b', '"a" #b', '"\\ud800"', '"__proto__"', "'a\\'"],
);
const common = fc.constantFrom('a', 'tasks.add', '5', '1.5', 'x y', 'true', '"q"', "'r'", '0 4 * * *', 'a:b');
const scalar = fc.oneof({ arbitrary: common, weight: 12 }, { arbitrary: plain, weight: 2 }, quoted);
const key = fc.oneof(
  { arbitrary: fc.constantFrom('a', 'b', 'c', 'beat_schedule', 'send report', 'd.*', 'x-y', '"q"', "'r'"), weight: 40 },
  plain,
  quoted,
);
const { flow } = fc.letrec<{ flow: string }>((tie) => ({
  flow: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { arbitrary: scalar, weight: 3 },
    fc.array(tie('flow'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
    fc.array(tie('flow'), { maxLength: 3 }).map((items) => `[ ${items.join(' ,')}]`),
    fc
      .array(fc.tuple(key, tie('flow')), { maxLength: 3 })
      .map((items) => `{${items.map((item) => item.join(': ')).join(', ')}}`),
    fc
      .array(fc.tuple(key, tie('flow')), { maxLength: 2 })
      .map((items) => `{ ${items.map((item) => item.join(':')).join(',')} }`),
  ),
}));
const end = fc.constantFrom('', '', '', '', '', '', ' ', ' # c', '  # c: d', '#c');
const value = fc.oneof({ arbitrary: scalar, weight: 3 }, { arbitrary: flow, weight: 2 });
const line = fc.oneof(
  { arbitrary: fc.tuple(key, value, end).map(([name, what, rest]) => `${name}: ${what}${rest}`), weight: 5 },
  { arbitrary: fc.tuple(key, end).map(([name, rest]) => `${name}:${rest}`), weight: 5 },
  { arbitrary: fc.tuple(value, end).map(([what, rest]) => `- ${what}${rest}`), weight: 2 },
  { arbitrary: fc.tuple(key, value).map(([name, what]) => `- ${name}: ${what}`), weight: 2 },
  { arbitrary: fc.tuple(key, end).map(([name, rest]) => `- ${name}:${rest}`), weight: 1 },
  {
    arbitrary: fc.constantFrom('', '# c', '   ', '-', '- - a', '---', '? a', ': b', '<<: *a', '...', '%YAML 1.2'),
    weight: 1,
  },
  { arbitrary: scalar, weight: 1 },
);
const anyDocument = fc
  .array(fc.tuple(fc.constantFrom(0, 0, 0, 2, 2, 4, 1, 6), line), { minLength: 1, maxLength: 12 })
  .map((lines) => lines.map(([column, text]) => ' '.repeat(column) + text).join('\n'));

/** A document in block style, which the library may always read, with changes of single characters. */
const { block } = fc.letrec<{ block: string[] }>((tie) => ({
  block: fc.oneof(
    { depthSize: 'small' },
    fc.tuple(fc.constantFrom('a', "'b'", 'c d'), flow).map(([name, what]) => [`${name}: ${what}`]),
    fc
      .uniqueArray(fc.tuple(fc.constantFrom('e', 'f', 'g', 'h', '"5"'), tie('block')), {
        minLength: 1,
        maxLength: 4,
        selector: ([name]) => name,
      })
      .map((items) => items.flatMap(([name, lines]) => [`${name}:`, ...lines.map((text) => `  ${text}`)])),
    fc
      .tuple(fc.constantFrom('', '  ', '    '), fc.array(tie('block'), { minLength: 1, maxLength: 4 }))
      .map(([indent, items]) => [
        'list: # of maps',
        ...items.flatMap((lines) => lines.map((text, i) => `${indent}${i === 0 ? '- ' : '  '}${text}`)),
      ]),
  ),
}));
const change = fc.tuple(
  fc.nat(),
  fc.constantFrom(' ', '\n', ':', '-', '#', "'", '"', '{', ']', ',', 'x', '5', '\n\n  '),
  fc.boolean(),
);
const changedDocument = fc.tuple(block, fc.array(change, { maxLength: 2 })).map(([lines, changes]) =>
  changes.reduce((text, [at, sign, replaces]) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + sign + text.slice(place + (replaces ? 1 : 0));
  }, lines.join('\n')),
);

test('a YAML file that is translated has the values and lines that the library reads', () => {
  let translated = 0;
  fc.assert(
    fc.property(fc.oneof(anyDocument, changedDocument), (text) => {
      const json = yamlToJson(text);
      if (json === null) return;
      const slow = readYaml(text, 'f.yaml');
      const fast = readJson(json, 'f.yaml');
      // Repeated keys are left to the library, which reports them.
      if (fast.errors.length > 0) return void expect(slow.errors).not.toEqual([]);
      translated += 1;
      expect({ ...slow, findLine: null }).toEqual({ ...fast, findLine: null });
      for (const path of pathsIn(fast.config)) {
        for (const each of [path, [...path, 'missing'], [...path, 'missing', 'a']]) {
          expect([each, findLine(fast, each)]).toEqual([each, findLine(slow, each)]);
        }
      }
    }),
    { numRuns, seed },
  );
  expect(translated).toBeGreaterThan(numRuns / 10);
});

test('the examples in YAML are translated', () => {
  const files = globSync('{examples,deploy,schedules,docs}/**/*.y{a,}ml').filter((file) => !file.includes('templates'));
  const translated = files.filter((file) => {
    const text = readFileSync(file, 'utf8');
    const json = yamlToJson(text);
    if (json !== null) expect(readJson(json, file).config).toEqual(readYaml(text, file).config);
    return json !== null;
  });
  expect(translated.length).toBeGreaterThan(0);
});

test('a large file is translated, one that is nested deep or has a long key is not', () => {
  const entries = Array.from(
    { length: 5_000 },
    (_, i) => `  e${i}:\n    task: t\n    schedule: {cron: "0 ${i % 24} * * *"}\n`,
  );
  const json = yamlToJson(`beatSchedule:\n${entries.join('')}`);
  expect(Object.keys((JSON.parse(json!) as { beatSchedule: object }).beatSchedule)).toHaveLength(5_000);
  expect(yamlToJson(`a: ${'['.repeat(100_000)}`)).toBeNull();
  expect(yamlToJson(`a:\n${Array.from({ length: 200 }, (_, i) => `${' '.repeat(i + 1)}a:\n`).join('')}`)).toBeNull();
  expect(yamlToJson(`${'a'.repeat(2_000)}: 1`)).toBeNull();
});

function* pathsIn(value: unknown, path: Path = []): Generator<Path> {
  yield path;
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    yield* pathsIn(inner, [...path, Array.isArray(value) ? Number(name) : name]);
  }
}

function findLine({ findLine }: Source, path: Path): number | undefined {
  return findLine!(path);
}
