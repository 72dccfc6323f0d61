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
