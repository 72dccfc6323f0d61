import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { date, datetime, decimal, lazy, time, uuid } from '../../../../src/index.ts';
import { checkArguments } from '../../../../src/celery/message/arguments.ts';
import { pythonJson, saferepr } from '../../../../src/celery/message/python.ts';
import type { SerializerName } from '../../../../src/celery/message/serializers.ts';
import { TestBeat } from '../../../../src/testing.ts';

interface Case {
  readonly json: string;
  readonly repr: string;
}

const file = new URL('../../../conformance/typed-values.jsonl', import.meta.url);
const [versions, ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n');
const { celery, kombu } = JSON.parse(versions!) as Record<string, string>;
const cases = lines.map((line) => JSON.parse(line) as Case);

/** What is said of one argument at load. */
function said(value: unknown, serializer?: SerializerName): string {
  try {
    checkArguments([value], {}, serializer);
  } catch (error) {
    return (error as Error).message.replace(/^args\[0\]: /, '');
  }
  return 'nothing';
}

const typed = (type: unknown, value: unknown) => ({ __type__: type, __value__: value });

describe("values of Python's own", () => {
  test(`from kombu ${kombu} are written as kombu writes them`, () => {
    expect(cases.length).toBeGreaterThan(60);
    for (const { json } of cases) expect(pythonJson(JSON.parse(json))).toBe(json);
  });

  test(`are shown as the saferepr of Celery ${celery} shows them`, () => {
    for (const { json, repr } of cases) expect(saferepr(JSON.parse(json))).toBe(repr);
  });

  test('may be values of JavaScript', () => {
    expect(pythonJson(new Date(Date.UTC(2020, 0, 2, 3, 4, 5, 6)))).toBe(
      pythonJson(typed('datetime', '2020-01-02T03:04:05.006000+00:00')),
    );
    expect(pythonJson([Buffer.from('tøy'), new Uint8Array([0xff, 0])])).toBe(
      pythonJson([typed('bytes', 'tøy'), typed('base64', '/wA=')]),
    );
  });

  test.each([
    [decimal('1.50'), typed('decimal', '1.50')],
    [uuid('C7BBB4A2-1e18-43b0-8eb9-d09113fc7155'), typed('uuid', { hex: 'c7bbb4a21e1843b08eb9d09113fc7155' })],
    [date('2024-02-29'), typed('date', '2024-02-29')],
    [time('12:30'), typed('time', '12:30:00')],
    [time('12:30:00.5Z'), typed('time', '12:30:00.500000+00:00')],
    [datetime('2020-01-02'), typed('datetime', '2020-01-02T00:00:00')],
    [datetime('2020-01-02 03:04Z'), typed('datetime', '2020-01-02T03:04:00+00:00')],
    [datetime('2020-01-02T03:04:05.000001-03:30'), typed('datetime', '2020-01-02T03:04:05.000001-03:30')],
  ])('of builders are in the form of kombu: %j', (made, written) => {
    expect(made).toEqual(written);
  });

  test.each([
    [() => decimal('1,5'), 'expected a decimal number as text, such as \'1.50\', got "1,5"'],
    [() => decimal(1.5 as never), "expected a decimal number as text, such as '1.50', got 1.5"],
    [() => decimal('1e999999999'), 'expected a decimal number'],
    [() => uuid('c7bbb4a2'), 'expected a UUID, or {hex: its 32 digits}, got "c7bbb4a2"'],
    [() => date('2023-02-29'), 'expected a date such as \'2030-01-31\', got "2023-02-29"'],
    [() => date('0000-01-01'), 'expected a date'],
    [() => time('24:00'), 'expected a time'],
    [() => time('12:30:00.0000001'), 'expected a time'],
    [() => datetime('2020-01-02T25:00'), 'expected a date and time'],
    [() => datetime('2020-01-02T03:04+24:00'), 'expected a date and time'],
    [() => datetime('2020-01-02x03:04'), 'expected a date and time'],
  ])('are rejected if invalid: %s', (make, message) => {
    expect(make).toThrow(message);
  });
});

describe('a map of __type__ and __value__', () => {
  test('is validated at load, because a worker would reject the message', () => {
    expect(said(typed('decimals', '1'))).toBe(
      '__type__ "decimals" is none of kombu\'s; did you mean "decimal"?; a map of only __type__ and __value__ ' +
        'is a value of Python, which workers do not read as a map',
    );
    expect(said(typed('money', '1'))).toContain('(bytes, base64, date, datetime, decimal, time, uuid)');
    expect(said(typed(7, '1'))).toContain(
      "__type__ 7 is none of kombu's (bytes, base64, date, datetime, decimal, time, uuid);",
    );
    expect(said(typed('uuid', { hex: 'zz' }))).toBe('expected a UUID, or {hex: its 32 digits}, got a map');
    expect(said(typed('bytes', '\ud800'))).toContain('expected the text of bytes in UTF-8');
    expect(said(typed('base64', '/w'))).toContain('expected bytes in base64');
  });

  test('may have the forms that people write', () => {
    const written = [typed('uuid', 'c7bbb4a2-1e18-43b0-8eb9-d09113fc7155'), typed('datetime', '2020-01-02T03:04Z')];
    expect(said(written)).toBe('nothing');
    expect(pythonJson(written)).toBe(
      '[{"__type__": "uuid", "__value__": {"hex": "c7bbb4a21e1843b08eb9d09113fc7155"}}, ' +
        '{"__type__": "datetime", "__value__": "2020-01-02T03:04:00+00:00"}]',
    );
  });

  test('is an ordinary map with a third key, or with one missing', () => {
    for (const map of [{ ...typed('x', 1), more: 1 }, { __type__: 'x' }]) {
      expect(said(map)).toBe('nothing');
      expect(saferepr(map)).toContain("'__type__': 'x'");
    }
  });

  test('may contain a template or a function, which is rendered for each occurrence', async () => {
    const args = [
      typed('datetime', '{{dueAt}}'),
      typed(
        'date',
        lazy(() => '2020-01-02'),
      ),
      typed('decimal', '{{dueAt}}'),
    ];
    const ok = await TestBeat.start(
      {
        beatSchedule: { a: { task: 't', schedule: 60, args: args.slice(0, 2) }, b: { task: 't', schedule: 60, args } },
      },
      { now: '2020-01-02T03:04:00Z' },
    );
    await ok.advance('1m');
    // The third of `b` comes to no decimal number: it is not sent.
    const bodies = ok.messages.map(({ body }) => (JSON.parse(body.toString()) as unknown[])[0]);
    expect(bodies).toEqual([[typed('datetime', '2020-01-02T03:05:00+00:00'), typed('date', '2020-01-02')]]);
  });
});

describe('a serializer that cannot encode a value', () => {
  test.each([
    ['yaml', decimal('1'), 'PyYAML knows no decimal; write it as text, or use the serializer json'],
    ['yaml', uuid('0'.repeat(32)), 'PyYAML knows no uuid'],
    ['yaml', time('12:00'), 'PyYAML knows no time'],
    ['yaml', 'half \ud83d', 'holds half a character (the lone surrogate \\ud83d)'],
    ['yaml', 10n ** 5_000n, 'has 5001 digits; Python reads at most 4300'],
    ['yaml', () => 1, 'YAML cannot encode function; allowed: text, numbers, true, false, null, a Date'],
    ['json', 10n ** 5_000n, 'has 5001 digits; Python reads at most 4300'],
    ['msgpack', new Date(0), 'msgpack cannot encode a datetime; write it as text, or use the serializer json'],
    ['msgpack', date('2020-01-02'), 'msgpack cannot encode a date'],
    ['msgpack', 2n ** 64n, '18446744073709551616 is beyond 64 bits, which are all that msgpack has'],
    ['msgpack', -(2n ** 63n) - 1n, 'is beyond 64 bits'],
    ['msgpack', { '\udc00': 1 }, 'its name holds half a character (the lone surrogate \\udc00)'],
    ['json', '\ud800', 'holds half a character (the lone surrogate \\ud800)'],
  ] as const)('is reported at load: %s', (serializer, value, message) => {
    expect(said(value, serializer)).toContain(message);
  });

  test.each([
    ['yaml', [new Date(0), date('2020-01-02'), new Uint8Array(2), 2n ** 70n, NaN]],
    ['msgpack', [new Uint8Array(2), 2n ** 64n - 1n, -(2n ** 63n), Infinity]],
    ['json', [decimal('1'), new Date(0), '\ud83d\ude00', 2n ** 70n, NaN]],
  ] as const)('accepts other values: %s', (serializer, value) => {
    expect(said(value, serializer)).toBe('nothing');
  });
});
