import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../../src/util/errors.ts';
import { checkArguments, inspectHeaders } from '../../../../src/celery/message/arguments.ts';

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
    expect(
      complaints([shared, shared, 2n ** 64n, NaN, -Infinity], { k: Object.create(null) }),
    ).toEqual([]);
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
    const found = complaints([1, { a: [() => 1] }], {
      when: new Date(NaN),
      ok: 1,
      'b c': undefined,
    });
    expect(found.map((line) => line.slice(0, line.indexOf(': ')))).toEqual([
      'args[1].a[0]',
      'kwargs.when',
      'kwargs["b c"]',
    ]);
  });

  test('may contain numbers that headers may not, because brokers read headers', () => {
    const found: string[] = [];
    const headers = { n: 3, big: 1n, nan: NaN, list: ['a', null] };
    inspectHeaders(headers, ['headers'], (path, message) =>
      found.push(`${path.join('.')} ${message}`),
    );
    expect(found).toEqual([
      'headers.big 1 is not allowed in a header; write it as a string',
      'headers.nan NaN is not allowed in a header; write it as a string',
    ]);
  });
});
