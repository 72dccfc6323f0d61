import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { CELERIES, findCelery, requireCelery } from '../../../support/celery.ts';
import { describe, expect, test } from 'vitest';
import { pythonJson, saferepr, encodePickle } from '../../../../src/celery/message/python.ts';

interface Case {
  readonly value: unknown;
  readonly json: string;
  readonly repr: string;
}

const file = new URL('../../../conformance/python-text.jsonl', import.meta.url);
const [versions, ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n');
const { celery, kombu } = JSON.parse(versions!) as Record<string, string>;
const cases = lines.map((line) => JSON.parse(line, untag) as Case);

/** The inverse of `tagged` in python_text.py. */
function untag(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('$int' in value) return BigInt(value.$int as string);
  if ('$float' in value) return Number((value.$float as string).replace('inf', 'Infinity'));
  return value;
}

describe('text as Python writes it', () => {
  test('is compared with recorded texts', () => {
    expect(cases.length).toBeGreaterThanOrEqual(250);
  });

  test(`equals the JSON of kombu ${kombu}, byte for byte`, () => {
    for (const { value, json } of cases) expect(pythonJson(value)).toBe(json);
  });

  test(`equals the saferepr of Celery ${celery}`, () => {
    for (const { value, repr } of cases) expect(saferepr(value)).toBe(repr);
  });

  test('rejects values that JSON cannot encode', () => {
    expect(() => pythonJson({ a: [undefined] })).toThrow('undefined');
    expect(() => pythonJson(() => 1)).toThrow('function');
  });
});

const VALUES = [
  ...[null, true, false, 0, -1, 2 ** 31, -(2 ** 53), 1e300, 1.5, -0.1],
  ...['', 'text', "it's \u0000 芹菜 🥬\n", 'x'.repeat(70_000)],
  ...[[], [[]], {}, { a: { b: [1, null] }, '': 'empty key' }],
  { exit_code: 0, stdout: 'out', stderr: '', seconds: 0.25 },
];

const LOAD = `
import json, pickle, sys
values = pickle.loads(sys.stdin.buffer.read())
print(json.dumps([values, [type(value).__name__ for value in values]]))`;

for (const celery of CELERIES) {
  const missing = requireCelery(celery);
  test.skipIf(missing)(`pickle: Python of ${celery.name} reads each value of JSON`, () => {
    const python = findCelery(celery)!.python;
    const input = encodePickle(VALUES);
    const output = execFileSync(python, ['-c', LOAD], { input, encoding: 'utf8' });
    const [values, types] = JSON.parse(output) as [unknown[], string[]];
    expect(values).toEqual(VALUES);
    expect(types.slice(0, 10)).toEqual([
      ...['NoneType', 'bool', 'bool', 'int', 'int', 'int', 'int', 'int', 'float', 'float'],
    ]);
  });
}

test('pickle: a value that is not JSON is an error', () => {
  expect(() => encodePickle([undefined])).toThrow('a value of type undefined cannot be pickled');
});
