import { describe, expect, test } from 'vitest';
import { checkArguments, inspectHeaders, reportIllFormed } from '../../../../src/celery/message/arguments.ts';
import { ConfigError } from '../../../../src/util/errors.ts';

/** The lines of the error, each `path: what is wrong`. */
function complaints(args: readonly unknown[], kwargs: Record<string, unknown> = {}): string[] {
  try {
    checkArguments(args, kwargs);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message.split('\n');
  }
}

describe('arguments of a task', () => {
  test('may be any value that Python reads from JSON', () => {
    const shared = { a: [null, true, 'ø', 1.5, -0, 1e300] };
    expect(complaints([shared, shared, 2n ** 64n, NaN, -Infinity], { k: Object.create(null) })).toEqual([]);
  });

  test.each([
    ['a function', () => 1, 'JSON cannot encode function'],
    ['a symbol', Symbol('s'), 'JSON cannot encode symbol'],
    ['undefined', undefined, 'JSON cannot encode undefined'],
    ['an invalid Date', new Date(NaN), 'an invalid Date is not an instant'],
    ['a Map', new Map(), 'JSON cannot encode a Map'],
    ['an object of a class', new URL('http://host/'), 'JSON cannot encode a URL'],
    ['an integer that lost digits', Number('12345678901234567890'), 'is beyond 2^53'],
  ])('cannot be %s', (_, value, problem) => {
    const [validate] = complaints([value]);
    expect(validate).toMatch(/^args\[0\]: /);
    expect(validate).toContain(problem);
  });

  test('cannot be circular or nested too deep', () => {
    const circle: unknown[] = [];
    circle.push({ back: circle });
    expect(complaints(circle)).toEqual(['args[0].back: contains itself, which JSON cannot encode']);
    let deep: unknown = 1;
    for (let i = 0; i < 300; i++) deep = [deep];
    expect(complaints([deep])).toHaveLength(1);
  });

  test.each([
    ['json', 'JSON'],
    ['yaml', 'YAML'],
    ['msgpack', 'msgpack'],
  ] as const)('cannot be circular in %s, which the error calls %s', (serializer, format) => {
    const circle: unknown[] = [];
    circle.push(circle);
    expect(() => checkArguments(circle, {}, serializer)).toThrow(
      `args[0]: contains itself, which ${format} cannot encode`,
    );
  });

  test('with errors are all reported, each with its path', () => {
    const found = complaints([1, { a: [() => 1] }], { when: new Date(NaN), ok: 1, 'b c': undefined });
    expect(found.map((line) => line.slice(0, line.indexOf(': ')))).toEqual([
      'args[1].a[0]',
      'kwargs.when',
      'kwargs["b c"]',
    ]);
  });

  test('may contain numbers that headers may not, because brokers read headers', () => {
    const found: string[] = [];
    const headers = { n: 3, big: 1n, nan: NaN, list: ['a', null] };
    inspectHeaders(headers, ['headers'], (path, message) => found.push(`${path.join('.')} ${message}`));
    expect(found).toEqual([
      'headers.big 1 is not allowed in a header; write it as a string',
      'headers.nan NaN is not allowed in a header; write it as a string',
    ]);
  });
});

function problems(value: unknown): string[] {
  const found: string[] = [];
  reportIllFormed(value, ['entry'], (path, message) => found.push(`${path.join('.')}: ${message}`));
  return found;
}

const HALF = 'holds half a character (the lone surrogate \\ud83e), which no encoding carries to a worker';

test('well-formed text: complete characters are accepted, as values and as names', () => {
  expect(problems({ '🥬': ['🥬', { a: '🥬' }], b: 5, c: null, d: true })).toEqual([]);
});

test('well-formed text: each lone surrogate is reported with its path, in the order of the text', () => {
  const value = { a: ['x', '\ud83e'], b: { '\ud83e!': 'ok', c: 'x\ud83e' } };
  expect(problems(value)).toEqual([`entry.a.1: ${HALF}`, `entry.b.\ud83e!: its name ${HALF}`, `entry.b.c: ${HALF}`]);
});

test('well-formed text: a text alone is reported at the path itself', () => {
  expect(problems('\ud83e')).toEqual([`entry: ${HALF}`]);
});

test('well-formed text: a circular or repeated value is visited once', () => {
  const circle: Record<string, unknown> = { text: '\ud83e' };
  circle['back'] = circle;
  expect(problems({ one: circle, two: circle })).toEqual([`entry.one.text: ${HALF}`]);
});

test('well-formed text: objects without a prototype are visited, instances of classes are not', () => {
  const bare: unknown = Object.assign(Object.create(null), { text: '\ud83e' });
  class Own {
    text = '\ud83e';
  }
  expect(problems([bare, new Own()])).toEqual([`entry.0.text: ${HALF}`]);
});
