import { closeSync, constants, openSync, readFileSync, readSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openLog, type Outputs } from '../../../../src/cli/service/open-log.ts';
import { chooseLogFormat, chooseLogLevel, formatOrigin } from '../../../../src/cli/flags/options.ts';
import { Fifo } from '../../../support/fifo.ts';
import { Folder } from '../../../support/folder.ts';

let folder: Folder;
let path: string;
const opened: Outputs[] = [];
beforeEach(() => {
  folder = new Folder();
  path = join(folder.path, 'beat.log');
});
afterEach(async () => {
  for (const outputs of opened.splice(0)) await outputs.end();
  process.removeAllListeners('SIGHUP');
  folder[Symbol.dispose]();
});

async function open(flags: object, at = path): Promise<Outputs> {
  const outputs = await openLog(flags, at);
  opened.push(outputs);
  return outputs;
}

test('log file: is JSON from level info on by default', async () => {
  const { log } = await open({});
  log.debug('one');
  log.info({ event: 'two' }, 'two');
  const [line, ...others] = readFileSync(path, 'utf8').trimEnd().split('\n');
  expect(JSON.parse(line!)).toMatchObject({ level: 'info', event: 'two', msg: 'two' });
  expect(others).toEqual([]);
});

test('log file: follows the flags for format and level', async () => {
  const { log } = await open({ logFormat: 'text', loglevel: 'DEBUG' });
  log.debug({ event: 'one' }, 'one');
  expect(readFileSync(path, 'utf8')).toMatch(/^\[.*\] DEBUG: one\n$/);
});

test('log file: is reopened on SIGHUP', async () => {
  await open({});
  renameSync(path, `${path}.1`);
  process.emit('SIGHUP');
  expect(readFileSync(path, 'utf8')).toBe('');
});

test.each([
  ['json', /^\{"level":"warn",.*"event":"log-dropped","count":2,"path":".*pipe","error":"EPIPE/],
  ['text', /^\[.*\] WARN: 2 log lines were dropped: .*pipe: EPIPE: broken pipe, write$/],
])('log file: reports dropped lines in its own format (%s), with path and reason', async (logFormat, report) => {
  using pipe = new Fifo(join(folder.path, 'pipe'));
  const { log } = await open({ logFormat }, pipe.path);
  pipe.close();
  log.info('one');
  log.info('two');
  const reader = openSync(pipe.path, constants.O_RDONLY | constants.O_NONBLOCK);
  log.info('three');
  const text = Buffer.alloc(10_000);
  const lines = text.toString('utf8', 0, readSync(reader, text)).trimEnd().split('\n');
  closeSync(reader);
  expect(lines).toEqual([expect.stringMatching(report), expect.stringContaining('three')]);
});

test('log file: reports a single dropped line in the singular', async () => {
  using pipe = new Fifo(join(folder.path, 'pipe'));
  const { log } = await open({}, pipe.path);
  pipe.close();
  log.info('one');
  const reader = openSync(pipe.path, constants.O_RDONLY | constants.O_NONBLOCK);
  log.info('two');
  const text = Buffer.alloc(10_000);
  expect(text.toString('utf8', 0, readSync(reader, text))).toContain('"1 log line was dropped: ');
  closeSync(reader);
});

test('log level: comes from the flag, otherwise from BEAT_LOG_LEVEL, otherwise it is info, in upper or lower case', () => {
  const env = { BEAT_LOG_LEVEL: 'Warning' };
  expect(chooseLogLevel({ loglevel: 'DEBUG' }, env)).toBe('debug');
  expect(chooseLogLevel({}, env)).toBe('warning');
  expect(chooseLogLevel({}, { BEAT_LOG_LEVEL: '' })).toBe('info');
  expect(chooseLogLevel({}, { BEAT_LOG_LEVEL_FILE: folder.write('level', 'error\n') })).toBe('error');
  expect(() => chooseLogLevel({ loglevel: 'zzz' }, {})).toThrow(
    'the log level "zzz" is unknown; allowed: debug, info, warning, error, critical, fatal',
  );
});

test('log format: is text on a terminal and JSON elsewhere, unless the flag selects one', () => {
  expect([chooseLogFormat({}, true), chooseLogFormat({}, false)]).toEqual(['text', 'json']);
  expect(chooseLogFormat({ logFormat: 'json' }, true)).toBe('json');
  expect(chooseLogFormat({ logFormat: 'text' }, false)).toBe('text');
  expect(() => chooseLogFormat({ logFormat: 'jsno' }, false)).toThrow(
    'the log format "jsno" is unknown, did you mean "json"?; allowed: json, text',
  );
});

test('log level: rejects a variable that is set twice, and a missing file', () => {
  const twice = { BEAT_LOG_LEVEL: 'info', BEAT_LOG_LEVEL_FILE: 'x' };
  expect(() => chooseLogLevel({}, twice)).toThrow(
    'BEAT_LOG_LEVEL and BEAT_LOG_LEVEL_FILE are both set; unset one of them',
  );
  expect(() => chooseLogLevel({}, { BEAT_LOG_LEVEL_FILE: 'missing' })).toThrow(
    /^BEAT_LOG_LEVEL_FILE: cannot read "missing": ENOENT/,
  );
});

test("origin: identifies this process as Celery's producers do", () => {
  expect(formatOrigin()).toMatch(new RegExp(`^gen${process.pid}@.+$`));
});
