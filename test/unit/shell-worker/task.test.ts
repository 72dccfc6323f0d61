import { describe, expect, test } from 'vitest';
import { compressBody } from '../../../src/celery/message/compression.ts';
import { decodeTask, type Task } from '../../../src/shell-worker/task.ts';

const HEADERS = { task: 'shell.run', id: '1', periodic_task_name: 'backup' };

const message = (body: unknown, headers: Readonly<Record<string, unknown>> = HEADERS) => ({
  headers,
  body: Buffer.from(JSON.stringify(body)),
  contentType: 'application/json',
  contentEncoding: 'utf-8',
});
const decode = (...parts: Parameters<typeof message>) => decodeTask(message(...parts)) as Task;

const TOO_LARGE = 'its body cannot be decoded: it may have at most 67108864 bytes after decompression';

describe('decoding of task messages', () => {
  test('protocol 2: arguments come from the body, all other fields from the headers', () => {
    const headers = {
      ...HEADERS,
      beat_due_at: '2027-01-01T00:00:00.000Z',
      ignore_result: true,
      timelimit: [9, null],
      eta: '2027-01-01T00:00:00.250000+01:00',
      expires: '2027-01-01T12:00:00',
    };
    expect(decode([[], { command: 'ls' }, {}], headers)).toMatchObject({
      id: '1',
      name: 'shell.run',
      args: [],
      kwargs: { command: 'ls' },
      entry: 'backup',
      dueAt: '2027-01-01T00:00:00.000Z',
      ignoreResult: true,
      timeLimit: 9,
      eta: Date.parse('2026-12-31T23:00:00.250Z'),
      expires: Date.parse('2027-01-01T12:00:00Z'),
      hasFollowUps: false,
    });
  });

  test('a message without further fields has their defaults', () => {
    expect(decode([[], {}, {}], { task: 'shell.run', id: '1' })).toEqual({
      ...{ id: '1', name: 'shell.run', args: [], kwargs: {}, entry: '', dueAt: null, eta: null, expires: null },
      ...{ timeLimit: null, ignoreResult: false, retries: 0, groupId: null, parentId: null, hasFollowUps: false },
    });
  });

  test('the number of retries, the group and the parent are part of the result', () => {
    const more = { retries: 2, group: 'g', parent_id: 'p' };
    expect(decode([[], {}, {}], { ...HEADERS, ...more })).toMatchObject({ retries: 2, groupId: 'g', parentId: 'p' });
    const other = { retries: 'two', group: 7, parent_id: null, timelimit: ['9', 1], ignore_result: 'yes' };
    expect(decode([[], {}, {}], { ...HEADERS, ...other })).toMatchObject({
      ...{ retries: 0, groupId: null, parentId: null, timeLimit: null, ignoreResult: false },
    });
  });

  test('protocol 1: arguments may be absent, and follow-ups are in the body', () => {
    expect(decode({ task: 'shell.run', id: '1' }, {})).toMatchObject({ args: [], kwargs: {}, hasFollowUps: false });
    const body = { task: 'shell.run', id: '1', callbacks: [{ task: 'a' }], kwargs: { command: 'ls' }, args: [1] };
    expect(decode(body, {})).toMatchObject({ args: [1], kwargs: { command: 'ls' }, hasFollowUps: true });
  });

  test('protocol 1: all fields come from the body', () => {
    const body = { task: 'shell.run', id: '1', args: [], kwargs: { command: 'ls' }, eta: null };
    expect(decode(body, {})).toMatchObject({ id: '1', kwargs: { command: 'ls' }, eta: null });
  });

  test('links, chains and chords are detected', () => {
    expect(decode([[], {}, { callbacks: [{ task: 'a' }] }]).hasFollowUps).toBe(true);
    expect(decode([[], {}, { errbacks: [{ task: 'a' }] }]).hasFollowUps).toBe(true);
    expect(decode([[], {}, { chain: [], callbacks: null }]).hasFollowUps).toBe(false);
    expect(decode([[], {}, { chord: { task: 'a' } }]).hasFollowUps).toBe(true);
    expect(decode([[], {}, { chain: [{ task: 'a' }] }]).hasFollowUps).toBe(true);
  });

  for (const name of ['zlib', 'brotli', 'zstd', 'lzma'] as const) {
    test(`a body compressed with ${name} is decompressed`, () => {
      const plain = message([[], { command: 'ls' }, {}]);
      const { body, header } = compressBody(name, plain.body);
      const headers = { ...HEADERS, compression: header };
      const task = decodeTask({ ...plain, headers, body }) as Task;
      expect(task.kwargs).toEqual({ command: 'ls' });
    });
  }

  for (const name of ['zlib', 'brotli', 'zstd'] as const) {
    test(`a small message that ${name} decompresses to more than 64 MiB leads to a reason`, () => {
      const { body, header } = compressBody(name, Buffer.alloc(65 * 1_024 * 1_024));
      const headers = { ...HEADERS, compression: header };
      expect(decodeTask({ ...message([]), headers, body })).toMatch(TOO_LARGE);
    });
  }

  test.each([
    ['body', 5],
    ['dictionary', 1],
  ])('a message whose LZMA header announces a %s of 65 MiB leads to a reason', (_, offset) => {
    const { body, header } = compressBody('lzma', Buffer.from('[]'));
    body.writeUInt32LE(65 * 1_024 * 1_024, offset);
    const headers = { ...HEADERS, compression: header };
    expect(decodeTask({ ...message([]), headers, body })).toMatch(TOO_LARGE);
  });

  test.each([
    [{ ...message([]), contentType: 'application/x-python-serialize' }, /content type/],
    [{ ...message([]), body: Buffer.from('{') }, /cannot be decoded/],
    [message([], { ...HEADERS, compression: 'application/x-bz2' }), /compression .* not supported/],
    [{ ...message([]), headers: { ...HEADERS, compression: 'zlib' } }, /cannot be decoded/],
    [message([[], []]), /no arguments/],
    [message({ task: 7 }), /no arguments|no task/],
    [message('text', {}), /not a map/],
    [message({ task: 7, id: 1 }, {}), /no task and id/],
  ])('message %#: an unreadable one leads to a reason', (received, reason) => {
    expect(decodeTask(received)).toMatch(reason);
  });
});
