import { expect, test } from 'vitest';
import { asText, createLogger, LOG_LEVELS, type LogLevel } from '../../../src/observe/logger.ts';

/** The messages that a logger of this level writes. */
function written(level: LogLevel): unknown[] {
  const lines: unknown[] = [];
  const write = (line: string) => void lines.push((JSON.parse(line) as { msg: unknown }).msg);
  const log = createLogger({ level, destination: { write } });
  for (const name of ['debug', 'info', 'warn', 'error', 'fatal'] as const) log[name](name);
  return lines;
}

test("the logger: levels have Celery's names, and lines below the level are not written", () => {
  const names = Object.keys(LOG_LEVELS) as LogLevel[];
  expect(names.map((name) => [name, written(name)[0]])).toEqual([
    ['debug', 'debug'],
    ['info', 'info'],
    ['warning', 'warn'],
    ['error', 'error'],
    ['critical', 'fatal'],
    ['fatal', 'fatal'],
  ]);
});

test('the logger: text shows the time, the level and the message of a line, and no fields', async () => {
  const lines: string[] = [];
  const destination = await asText({ write: (line) => void lines.push(line) });
  createLogger({ level: 'info', destination }).warn({ event: 'sent', task: 't' }, 'Sending t');
  expect(lines.join('')).toMatch(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] WARN: Sending t\n$/);
});

const HOSTILE = 'entry a\u001b[2J\u009b2J\u202e\r\n[2027-01-01 00:00:00.000] INFO: forged';

test('the logger: text shows control characters as escapes, and indents continuation lines', async () => {
  const lines: string[] = [];
  const destination = await asText({ write: (line) => void lines.push(line) });
  createLogger({ level: 'info', destination }).warn({ event: 'sent' }, HOSTILE);
  const [first, second, ...others] = lines.join('').split('\n');
  expect(first).not.toMatch(/[\p{Cc}\p{Bidi_C}]/u);
  expect(second).toMatch(/^ +\[2027.* INFO: forged$/);
  expect(others).toEqual(['']);
});

test('the logger: JSON contains control characters as escapes, with the same value', () => {
  const lines: string[] = [];
  createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } }) //
    .info(HOSTILE);
  expect(JSON.parse(lines[0]!)).toMatchObject({ msg: HOSTILE });
  expect(lines[0]!.trimEnd()).not.toMatch(/[\p{Cc}\p{Bidi_C}]/u);
});
