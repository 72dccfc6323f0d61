import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { Alias } from 'yaml';
import { readJson } from '../../../../src/config/source/json.ts';
import { readYaml } from '../../../../src/config/source/yaml.ts';
import { resolveSources } from '../../../../src/config/resolve.ts';
import type { Source } from '../../../../src/config/source/source.ts';
import { formatDiagnostic } from '../../../../src/util/diagnostic.ts';
import { ConfigError } from '../../../../src/util/errors.ts';
import { namesWritten } from '../support.ts';

function problemsOf(...sources: Source[]): string[] {
  try {
    resolveSources(sources);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.errors.map(formatDiagnostic);
    throw error;
  }
}

const yaml = (text: string) => readYaml(text, 'f.yaml');
const json = (text: string) => readJson(text, 'f.json');

describe('a file with too many levels', () => {
  test.each([
    ['f.json', (n: number) => `{"x-a":\n${'['.repeat(n)}${']'.repeat(n)}}`],
    ['f.json', (n: number) => `{"x-a":\n${'{"a":'.repeat(n)}1${'}'.repeat(n)}}`],
    ['f.json', (n: number) => `{"x-a":\n${'['.repeat(n)}`],
    ['f.yaml', (n: number) => `x-a:\n ${'['.repeat(n)}${']'.repeat(n)}`],
    ['f.yaml', (n: number) => `x-a:\n ${'{a: '.repeat(n)}1${'}'.repeat(n)}`],
    ['f.yaml', (n: number) => `x-a:\n ${'- '.repeat(n)}1`],
  ])('is rejected with the line, at any depth: %s %#', (file, textOf) => {
    const read = file === 'f.json' ? json : yaml;
    for (const depth of [501, 10_000, 20_000]) {
      expect(problemsOf(read(textOf(depth)))).toEqual([`${file}:2: nested deeper than 500 levels`]);
    }
  });

  test('is not a file whose brackets are in texts', () => {
    const text = `{"x-a": "${'[{\\"'.repeat(1_000)}", "x-b": [1]}`;
    expect(problemsOf(json(text), yaml(text))).toEqual([]);
  });

  test('may be a small file with aliases', () => {
    const rows = Array.from({ length: 9 }, (_, i) => {
      return `x-${i}: &a${i} ${'['.repeat(60)}${i === 0 ? 1 : `*a${i - 1}`}${']'.repeat(60)}\n`;
    });
    expect(problemsOf(yaml(rows.join('')))).toEqual([
      expect.stringMatching(/^f\.yaml:9: x-8\[0\].*: \*a7 makes this nested deeper than 500 levels$/),
    ]);
  });
});

describe('an empty JSON file', () => {
  test('is an error, because the program that writes it may have failed', () => {
    expect(problemsOf(json(' \n'))).toEqual(['f.json: is empty; an empty configuration is written {}']);
  });
});

describe('a value that may be a secret', () => {
  test('is not shown in any error', () => {
    const secrets = [
      { broker_transport_options: { sentinel_kwargs: { password: 12345678 } } },
      { broker_use_ssl: { password: 12345678 }, redis_backend_use_ssl: { ssl_password: 12345678 } },
      { broker_transport_options: { sentinel_kwargs: [{ password: 12345678 }] } },
    ];
    for (const config of secrets) {
      const problems = problemsOf(json(JSON.stringify(config))).join('\n');
      expect(problems).toMatch(/expected/);
      expect(problems).not.toContain('12345678');
    }
  });
});

describe('YAML', () => {
  test('errors contain the line of the key', () => {
    const text = `# comment
beat_schedule:
  first:
    task: t
    schedule:
      crontab:
        minute: '*/5'
        hour: 25
    args:
      - 1
    options: { quue: q }
`;
    expect(problemsOf(yaml(text))).toEqual([
      expect.stringMatching(/^f\.yaml:8: beat_schedule\.first\.schedule\.crontab\.hour: 25/),
      'f.yaml:11: beat_schedule.first.options.quue: unknown key; did you mean "queue"?',
    ]);
  });

  test('lines are found through anchors and merged maps', () => {
    const text = `x-a: &a
  queue: q
  priority: 999
beatSchedule:
  e:
    task: t
    schedule: 5
    options:
      <<: *a
      shadow: s
`;
    expect(problemsOf(yaml(text))).toEqual([
      'f.yaml:3: beatSchedule.e.options.priority: expected a whole number from 0 to 255, got 999',
    ]);
  });

  test('a repeated entry is an error with both lines', () => {
    const text = 'beatSchedule:\n  e: {task: t, schedule: 5}\n  e: {task: t, schedule: 6}\n';
    expect(problemsOf(yaml(text))).toEqual(['f.yaml:3: beatSchedule.e: repeated key, first on line 2']);
  });

  test('all repeated keys are errors with both lines, and so are errors in the last values', () => {
    const text = `
beatSchedule:
  e: {task: t, schedule: 5, missed: often}
  e: {task: t, schedule: 6}
  e: {task: t, schedule: 6}
timezone: 5
timezone: UTC
lock: {ttl: 1s, ttl: 8s}
beatSchedule:
  f: {task: t, schedule: 7, options: {quue: q}}
`;
    expect(problemsOf(yaml(text))).toEqual([
      'f.yaml:4: beatSchedule.e: repeated key, first on line 3',
      'f.yaml:5: beatSchedule.e: repeated key, first on line 3',
      'f.yaml:7: timezone: repeated key, first on line 6',
      'f.yaml:8: lock.ttl: repeated key, first on line 8',
      'f.yaml:9: beatSchedule: repeated key, first on line 2',
      'f.yaml:10: beatSchedule.f.options.quue: unknown key; did you mean "queue"?',
    ]);
  });

  test.each([['minute: */5'], ['{minute: */5, hour: 3}'], ['schedule: [*/5]']])(
    'a star without quotes is an error with the remedy: %s',
    (text) => {
      expect(problemsOf(yaml(`\n${text}\n`))).toEqual([
        expect.stringMatching(/^f\.yaml:2: .*text that begins with a star needs quotes: '\*\/5'$/),
      ]);
    },
  );

  test('a line of cron without quotes is one error, with the remedy', () => {
    expect(problemsOf(yaml('cron: */5 * * * *\n'))).toEqual([
      expect.stringMatching(/^f\.yaml:1: invalid YAML: .*text that begins with a star needs quotes$/),
    ]);
  });

  test('timestamps stay text, integers of any size are exact, and yes and no are not booleans', () => {
    const { config } = yaml('[2030-01-01, 12345678901234567890, 5, -7, 0x10, yes, 1.5, 9007199254740993]');
    expect(config).toEqual(['2030-01-01', 12345678901234567890n, 5, -7, 16, 'yes', 1.5, 9007199254740993n]);
  });

  test.each([[''], ['# nothing left\n'], ['---\n'], ['~\n'], ['null # none']])(
    'an empty file is a mistake, as in JSON: %j',
    (text) => {
      expect(problemsOf(yaml(text))).toEqual(['f.yaml: is empty; an empty configuration is written {}']);
      expect(problemsOf(yaml('{}'))).toEqual([]);
    },
  );

  test('a second document in a file is an error with its line', () => {
    expect(problemsOf(yaml('{}\n---\n{}\n'))).toEqual(['f.yaml:2: a second document begins here; a file holds one']);
  });

  test('an anchor may be used hundreds of times, in merged maps too', () => {
    const rows = Array.from({ length: 500 }, (_, i) => {
      const more = i % 2 ? '<<: *often' : 'kwargs: *kwargs, task: t, schedule: 5';
      return `  e${i}: {${more}}\n`;
    });
    const text = `x-k: &kwargs {a: [1, 2]}\nx-e: &often {task: t, schedule: 6}\nbeatSchedule:\n${rows.join('')}`;
    const { entries } = resolveSources([yaml(text)]);
    expect(entries.find(({ name }) => name === 'e498')?.kwargs).toEqual({ a: [1, 2] });
    expect(entries.find(({ name }) => name === 'e499')?.schedule.spec).toBe('every(6000ms)');
  });

  test('an alias refers to the last anchor of its name before it', () => {
    const { config } = yaml('[&a 1, *a, &a {b: &b [2]}, *a, *b, {*b : 3}, &a 4, *a]');
    expect(config).toEqual([1, 1, { b: [2] }, { b: [2] }, [2], { '[ 2 ]': 3 }, 4, 4]);
  });

  test('aliases that would fill the memory are rejected at the first one beyond the limit', () => {
    const levels = 'bcdefghij'.split('').map((name, i) => {
      const inner = `*${'abcdefghi'[i]!}`;
      return `x-${name}: &${name} [${Array(9).fill(inner).join(', ')}]\n`;
    });
    expect(problemsOf(yaml(`x-a: &a [1]\n${levels.join('')}`))).toEqual([
      expect.stringMatching(
        /^f\.yaml:8: x-h\[0\]: with \*g the aliases of this file expand to more than 2000000 values; use fewer/,
      ),
    ]);
  });

  test('merged maps count like other aliases', () => {
    const keys = Array.from({ length: 2_000 }, (_, i) => `k${i}: 1`).join(', ');
    const rows = Array.from({ length: 1_500 }, (_, i) => `x-${i}: {<<: *a}\n`).join('');
    expect(problemsOf(yaml(`x-a: &a {${keys}}\n${rows}`))).toEqual([
      expect.stringMatching(/^f\.yaml:1001: x-999: with \*a the aliases/),
    ]);
  });

  test.each([
    ['args: &a {x: *a}', 'args.x'],
    ['kwargs: &a [1, *a]', 'kwargs[1]'],
    ['options: &a {headers: {h: [*a]}}', 'options.headers.h[0]'],
    ['<<: &a {kwargs: {<<: *a}}', 'kwargs'],
  ])('an alias that contains itself is an error with its line: %s', (part, path) => {
    const text = `beatSchedule:\n  e:\n    task: t\n    schedule: 5\n    ${part}\n`;
    expect(problemsOf(yaml(text))).toEqual([
      `f.yaml:5: beatSchedule.e.${path}: *a contains itself: it is inside its own anchor`,
    ]);
  });

  test.each([['<<: 5'], ['<<: [{a: 1}, 5]'], ['x-a: &a [1]\nx-b: {<<: *a}']])(
    'what cannot be merged is an error with its line: %j',
    (text) => {
      expect(problemsOf(yaml(text))).toEqual([
        expect.stringMatching(/^f\.yaml:\d: .*<< merges a map, an alias of one, or a list of these$/),
      ]);
    },
  );

  test('a list or a map as a key is an error with its line', () => {
    expect(problemsOf(yaml('x-a:\n  ? [1, 2]\n  : 3\n'))).toEqual(['f.yaml:2: x-a: a list or a map cannot be a key']);
  });

  test('thousands of aliases are found in one walk: the library would search the document for each', () => {
    const search = vi.spyOn(Alias.prototype, 'resolve');
    const rows = Array.from({ length: 2_000 }, (_, i) => `x-a${i}: &a${i} {b: ${i}}\nx-b${i}: *a${i}\n`);
    const { config } = yaml(rows.join(''));
    expect(config).toMatchObject({ 'x-b0': { b: 0 }, 'x-b1999': { b: 1_999 } });
    expect(search).not.toHaveBeenCalled();
    search.mockRestore();
  });

  test('a map of ten thousand entries is read in one go', () => {
    const rows = Array.from({ length: 10_000 }, (_, i) => `  e${i}: {task: t, schedule: 5}\n`);
    const settings = resolveSources([yaml(`beatSchedule:\n${rows.join('')}`)]);
    expect(namesWritten(settings)).toHaveLength(10_000);
  });

  test('a reserved name of JavaScript changes nothing', () => {
    const text = 'beatSchedule:\n  __proto__: {task: t, schedule: 5}\n__proto__: {keyPrefix: x}\n';
    expect(problemsOf(yaml(text))).toEqual([
      expect.stringMatching(/^f\.yaml:2: beatSchedule\.__proto__: /),
      expect.stringMatching(/^f\.yaml:3: __proto__: /),
    ]);
    expect(({} as { keyPrefix?: string }).keyPrefix).toBeUndefined();
  });
});

describe('JSON', () => {
  test('errors contain the line, with and without tabs', () => {
    const text =
      '{\n\t"beatSchedule": {\n\t\t"e": {\n\t\t\t"task": "t",\n\t\t\t"schedule": {"cron": "x"}\n\t\t}\n\t}\n}';
    expect(problemsOf(json(text))).toEqual([expect.stringMatching(/^f\.json:5: beatSchedule\.e\.schedule\.cron: /)]);
  });

  test('a repeated key is an error with both of its lines', () => {
    const text = '{"beatSchedule": {\n"e": {"task": "t", "schedule": 5},\n"\\u0065": {"task": "t", "schedule": 5}\n}}';
    expect(problemsOf(json(text))).toEqual(['f.json:3: beatSchedule.e: repeated key, first on line 2']);
  });

  test('lines of ten thousand problems are found without a search of the text for each', () => {
    const rows = Array.from({ length: 10_000 }, (_, i) => `"e${i}": {"task": "t", "schedule": "x"}`);
    const found = problemsOf(json(`{"beatSchedule": {\n${rows.join(',\n')}\n}}`));
    expect(found).toHaveLength(10_000);
    expect(found[9_999]).toMatch(/^f\.json:10001: beatSchedule\.e9999\.schedule: /);
  });

  test('integers of any size stay exact', () => {
    const { config } = json('[12345678901234567890, 5, -9007199254740993, 1.5, 1e3, 9007199254740991]');
    expect(config).toEqual([12345678901234567890n, 5, -9007199254740993n, 1.5, 1000, 9007199254740991]);
  });

  test.each([
    ['{"a": }', 1],
    ['{\n"a": 1,\n}', 3],
    ['{"a": 1 "b": 2}', 1],
    ['{"a" 1}', 1],
    ['[1,\n2', 2],
    ['{a: 1}', 1],
    ["{'a': 1}", 1],
    ['{}\n{}', 2],
    ['{"a": 01}', 1],
    ['{"a": tru}', 1],
    ['{"brokerUrl": "redis://:secret@localhost",\n"a": [1,],\n"b": "and so on, and so on"}', 2],
    ['{"a": "b\n"}', 1],
    ['// comment\n{}', 1],
  ])('%j is rejected with its line', (text, line) => {
    expect(problemsOf(json(text))).toEqual([
      expect.stringMatching(`^f\\.json:${line}: invalid JSON: [A-Z][^\n]*[^0-9)]$`),
    ]);
  });

  test('is what JSON.parse says it is, in any layout', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(undefined, 2, '\t'), (text, indent) => {
        const value: unknown = JSON.parse(text);
        fc.pre(!/\d{16}/.test(text));
        expect(json(JSON.stringify(value, null, indent)).config).toEqual(value);
      }),
    );
  });

  test('is rejected exactly when JSON.parse rejects it', () => {
    const alphabet = fc.constantFrom(...Array.from('{}[],:"\\ \n'), '"a"', '1', '-', '.5', 'e3', 'true', 'null', 'x');
    fc.assert(
      fc.property(fc.array(alphabet, { minLength: 1, maxLength: 8 }), (parts) => {
        const text = `[${parts.join('')}]`;
        const refused = json(text).config === undefined;
        expect(refused, text).toBe(!parses(text));
      }),
      { numRuns: 2_000 },
    );
  });
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
