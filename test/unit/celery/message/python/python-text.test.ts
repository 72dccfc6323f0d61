import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { pythonJson, saferepr } from '../../../../../src/celery/message/python.ts';

interface Case {
  readonly value: unknown;
  readonly json: string;
  readonly repr: string;
}

const file = new URL('../../../../conformance/python-text.jsonl', import.meta.url);
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
