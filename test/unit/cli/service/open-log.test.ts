import { closeSync, constants, openSync, readFileSync, readSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLog, type Outputs } from '../../../../src/cli/service/open-log.ts';
import { logFormatOf, logLevelOf, originOf } from '../../../../src/cli/flags/options.ts';
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

describe('the log of a file', () => {
  it('is JSON from the level info on, unless flags say otherwise', async () => {
    const { log } = await open({});
    log.debug('one');
    log.info({ event: 'two' }, 'two');
    const [line, ...others] = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(JSON.parse(line!)).toMatchObject({ level: 'info', event: 'two', msg: 'two' });
    expect(others).toEqual([]);
  });

  it('is text from another level on where flags say so', async () => {
    const { log } = await open({ logFormat: 'text', loglevel: 'DEBUG' });
    log.debug({ event: 'one' }, 'one');
    expect(readFileSync(path, 'utf8')).toMatch(/^\[.*\] DEBUG: one\n$/);
  });

  it('is opened anew at a SIGHUP', async () => {
    await open({});
    renameSync(path, `${path}.1`);
    process.emit('SIGHUP');
    expect(readFileSync(path, 'utf8')).toBe('');
  });

  it.each([
    ['json', /^\{"level":"warn",.*"event":"log-dropped","count":2,"path":".*pipe","error":"EPIPE/],
    ['text', /^\[.*\] WARN: 2 log lines were dropped: .*pipe: EPIPE: broken pipe, write$/],
  ])(
    'reports dropped lines in its own format (%s), with the path and the reason',
    async (logFormat, report) => {
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
    },
  );

  it('says "1 log line was dropped" of one', async () => {
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
});

describe('what flags and environment say of the log', () => {
  it('is the level of the flag, else of BEAT_LOG_LEVEL, else info, in any case', () => {
    const env = { BEAT_LOG_LEVEL: 'Warning' };
    expect(logLevelOf({ loglevel: 'DEBUG' }, env)).toBe('debug');
    expect(logLevelOf({}, env)).toBe('warning');
    expect(logLevelOf({}, { BEAT_LOG_LEVEL: '' })).toBe('info');
    expect(logLevelOf({}, { BEAT_LOG_LEVEL_FILE: folder.write('level', 'error\n') })).toBe('error');
    expect(() => logLevelOf({ loglevel: 'zzz' }, {})).toThrow(
      'the log level "zzz" is unknown; allowed: debug, info, warning, error, critical, fatal',
    );
  });

  it('is text on a terminal and JSON elsewhere, unless the flag says otherwise', () => {
    expect([logFormatOf({}, true), logFormatOf({}, false)]).toEqual(['text', 'json']);
    expect(logFormatOf({ logFormat: 'json' }, true)).toBe('json');
    expect(logFormatOf({ logFormat: 'text' }, false)).toBe('text');
    expect(() => logFormatOf({ logFormat: 'jsno' }, false)).toThrow(
      'the log format "jsno" is unknown, did you mean "json"?; allowed: json, text',
    );
  });

  it('must not be given twice, and a file that is named must be there', () => {
    const twice = { BEAT_LOG_LEVEL: 'info', BEAT_LOG_LEVEL_FILE: 'x' };
    expect(() => logLevelOf({}, twice)).toThrow(
      'BEAT_LOG_LEVEL and BEAT_LOG_LEVEL_FILE are both set; keep one of them',
    );
    expect(() => logLevelOf({}, { BEAT_LOG_LEVEL_FILE: 'missing' })).toThrow(
      /^BEAT_LOG_LEVEL_FILE: cannot read "missing": ENOENT/,
    );
  });
});

it("messages name this process as Celery's producers do", () => {
  expect(originOf()).toMatch(new RegExp(`^gen${process.pid}@.+$`));
});
