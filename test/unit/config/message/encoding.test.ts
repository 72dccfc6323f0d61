import { describe, expect, test } from 'vitest';
import type { BeatConfig } from '../../../../src/generated/config-types.ts';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { decimal } from '../../../../src/index.ts';

function problemsOf(config: object): string[] {
  try {
    resolveSettings(config);
    return [];
  } catch (error) {
    return (error as Error).message.split('\n');
  }
}

function withOptions(options: object, entry: object = {}, settings: object = {}): object {
  return { ...settings, beat_schedule: { a: { task: 't', schedule: 60, options, ...entry } } };
}

const SERIALIZERS = "expected 'json', 'yaml' or 'msgpack'";

describe('the encoding of messages', () => {
  test('is JSON without compression in protocol 2 by default', () => {
    const { encoding, protocol } = resolveSettings({});
    expect({ encoding, protocol }).toEqual({ encoding: { serializer: 'json', compression: null }, protocol: 2 });
  });

  test.each([
    { taskSerializer: 'yaml', taskCompression: 'lzma', taskProtocol: 1 },
    { task_serializer: 'application/x-yaml', task_compression: 'xz', task_protocol: 1 },
    { CELERY_TASK_SERIALIZER: 'yaml', CELERY_MESSAGE_COMPRESSION: 'application/x-lzma', taskProtocol: 1 },
    { task_serializer: 'yaml', CELERY_TASK_COMPRESSION: 'lzma', CELERY_TASK_PROTOCOL: 1 },
  ])("has Celery's settings, new and old: %j", (config) => {
    const { encoding, protocol } = resolveSettings(config as BeatConfig);
    expect({ encoding, protocol }).toEqual({ encoding: { serializer: 'yaml', compression: 'lzma' }, protocol: 1 });
  });

  test.each([
    ['gzip', 'zlib'],
    ['zlib', 'zlib'],
    ['application/x-gzip', 'zlib'],
    ['brotli', 'brotli'],
    ['zstandard', 'zstd'],
    ['application/zstd', 'zstd'],
  ])("has kombu's names of compressions: %s", (spelling, name) => {
    const { entries } = resolveSettings(withOptions({ compression: spelling }));
    expect(entries[0]!.options.compression).toBe(name);
  });

  test.each([
    ['pickle', ' (only Python can write pickle; workers also accept json if their accept_content contains both)'],
    ['application/x-python-serialize', ' (only Python can write pickle'],
    ['raw', ' (raw encodes a text or bytes, not arguments)'],
    ['auth', ' (beat has no key to sign messages with)'],
    ['jsn', ' (did you mean "json"?)'],
    ['bson-ish', ', got "bson-ish"'],
    ['toString', ', got "toString"'],
    [7, ', got 7'],
  ])('is rejected if unsupported: serializer %s', (serializer, reason) => {
    expect(problemsOf(withOptions({ serializer }))[0]).toContain(
      `beat_schedule.a.options.serializer: ${SERIALIZERS}${reason}`,
    );
    expect(problemsOf({ task_serializer: serializer })[0]).toContain(`task_serializer: ${SERIALIZERS}${reason}`);
  });

  test.each([
    ['bzip2', 'no maintained Node package writes bzip2; all workers read zlib'],
    ['application/x-bz2', 'all workers read zlib'],
    ['zlb', 'did you mean "zlib"?'],
  ])('is rejected if unsupported: compression %s', (compression, reason) => {
    const allowed = 'expected one of gzip, zlib, brotli, zstd, zstandard, lzma, xz (';
    for (const [line] of [
      problemsOf(withOptions({ compression })),
      problemsOf({ CELERY_MESSAGE_COMPRESSION: compression }),
    ]) {
      expect(line).toContain(allowed);
      expect(line).toContain(reason);
      expect(line).toContain(`got "${compression}"`);
    }
  });

  test('has two protocols', () => {
    expect(problemsOf({ task_protocol: 3 })).toEqual(['task_protocol: expected 1 or 2, got 3']);
  });

  test('warns of options that protocol 1 cannot contain', () => {
    const options = { shadow: 's', ignoreResult: true, stamps: { a: 1 }, queue: 'q' };
    const notesOf = (task_protocol: number) =>
      resolveSettings(withOptions(options, {}, { task_protocol }) as BeatConfig)
        .warnings.filter(({ message }) => message.includes('protocol'))
        .map(({ path }) => path.at(-1));
    expect(notesOf(1)).toEqual(['shadow', 'ignoreResult', 'stamps']);
    expect(notesOf(2)).toEqual([]);
  });

  test('determines the allowed arguments: the serializer of the entry, then that of the settings', () => {
    const entry = { args: [decimal('1.5')] };
    const refused = 'beat_schedule.a.args[0]: msgpack cannot encode a decimal';
    const msgpack = { task_serializer: 'msgpack' };
    expect(problemsOf(withOptions({}, entry))).toEqual([]);
    expect(problemsOf(withOptions({}, entry, msgpack))[0]).toContain(refused);
    expect(problemsOf(withOptions({ serializer: 'msgpack' }, entry))[0]).toContain(refused);
    expect(problemsOf(withOptions({ serializer: 'json' }, entry, msgpack))).toEqual([]);
    const routed = { task_routes: { t: { serializer: 'msgpack' } } };
    expect(problemsOf(withOptions({}, entry, routed))).toEqual([
      `${refused}; write it as text, or use the serializer json (its route sets the serializer msgpack)`,
    ]);
    expect(problemsOf(withOptions({ serializer: 'json' }, entry, routed))).toEqual([]);
  });
});
