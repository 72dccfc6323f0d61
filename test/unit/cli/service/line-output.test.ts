import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LineOutput, type LineOutputOptions } from '../../../../src/cli/service/line-output.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { Fifo } from '../../../support/fifo.ts';
import { Folder } from '../../../support/folder.ts';
import { settle } from '../../../support/settle.ts';

const RETRY = 50;

let folder: Folder;
let clock: ManualClock;
const cleanups: (() => void)[] = [];
beforeEach(() => {
  folder = new Folder();
  clock = new ManualClock('2027-03-01T12:00:00Z');
});
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
  folder[Symbol.dispose]();
});

function opened(path: string, flags = constants.O_WRONLY | constants.O_NONBLOCK): number {
  const fd = openSync(path, flags);
  cleanups.push(() => closeSync(fd));
  return fd;
}

function output(fd: number, options: LineOutputOptions = {}): LineOutput {
  const lines = new LineOutput(fd, { clock, ...options });
  lines.reportDropsWith((count, cause) => `dropped ${count}: ${cause?.message ?? 'slow'}\n`);
  return lines;
}

/** A pipe, and an output that writes to it. */
function piped(options?: LineOutputOptions): { fifo: Fifo; lines: LineOutput } {
  const fifo = new Fifo(join(folder.path, 'pipe'));
  cleanups.push(() => fifo.close());
  return { fifo, lines: output(opened(fifo.path), options) };
}

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += RETRY) {
    clock.advance(RETRY);
    await settle();
  }
}

test('line output: writes a line before it returns', () => {
  const { fifo, lines } = piped();
  lines.write('one\n');
  expect(fifo.read()).toEqual(['one']);
});

test('line output: queues lines while the pipe is full, and writes them when there is room', async () => {
  const { fifo, lines } = piped();
  fifo.fill();
  for (const line of ['one\n', 'two\n', 'three\n']) lines.write(line);
  await pass(RETRY);
  expect(fifo.read()).toEqual([]);
  await pass(RETRY);
  expect(fifo.read()).toEqual(['one', 'two', 'three']);
});

test('line output: drops and counts lines beyond the queue limit, and reports them when the queue is empty', async () => {
  const { fifo, lines } = piped({ queueLimit: 10 });
  fifo.fill();
  for (let i = 1; i <= 7; i++) lines.write(`line${i}\n`);
  expect(fifo.read()).toEqual([]);
  await pass(RETRY);
  expect(fifo.read()).toEqual(['line1']);
  lines.write('next\n');
  lines.write('last\n');
  expect(fifo.read()).toEqual(['dropped 6: slow', 'next', 'last']);
});

test('line output: tries the queue again before it drops a line', () => {
  const { fifo, lines } = piped({ queueLimit: 10 });
  fifo.fill();
  lines.write('line1\n');
  lines.write('line2\n');
  fifo.read();
  lines.write('next\n');
  expect(fifo.read()).toEqual(['line1', 'dropped 1: slow', 'next']);
});

test('line output: queues lines up to the limit, and a longer line only in an empty queue', async () => {
  const { fifo, lines } = piped({ queueLimit: 10 });
  fifo.fill();
  for (const line of ['12345678901234\n', 'a\n']) lines.write(line);
  fifo.read();
  await pass(RETRY);
  expect(fifo.read()).toEqual(['12345678901234']);
  lines.write('b\n');
  fifo.read();
  fifo.fill();
  for (const line of ['1234\n', '5678\n', 'c\n']) lines.write(line);
  fifo.read();
  await pass(RETRY);
  expect(fifo.read()).toEqual(['1234', '5678']);
  lines.write('d\n');
  expect(fifo.read()).toEqual(['dropped 1: slow', 'd']);
});

test('line output: writes a line longer than the pipe completely, without another line in between', async () => {
  const { fifo, lines } = piped({ queueLimit: 10 });
  const long = 'x'.repeat(100_000);
  lines.write(`${long}\n`);
  lines.write('too much\n');
  const begun = fifo.read().join('');
  expect(begun.length).toBeLessThan(long.length);
  await pass(RETRY);
  lines.write('next\n');
  const [rest = '', ...others] = fifo.read();
  expect(begun.length + rest.length).toBe(long.length);
  expect(others).toEqual(['dropped 1: slow', 'next']);
});

test('line output: drops lines while the pipe has no reader, and reports them to the next reader', () => {
  const { fifo, lines } = piped();
  fifo.close();
  for (let i = 1; i <= 5; i++) lines.write(`line${i}\n`);
  const reader = opened(fifo.path, constants.O_RDONLY | constants.O_NONBLOCK);
  lines.write('next\n');
  const text = Buffer.alloc(1_000);
  expect(text.toString('utf8', 0, readSync(reader, text))).toBe('dropped 5: EPIPE: broken pipe, write\nnext\n');
});

test('line output: reports the latest reason for dropped lines', async () => {
  const { fifo, lines } = piped({ queueLimit: 10 });
  fifo.close();
  lines.write('one\n');
  using next = new Fifo(join(folder.path, 'next'));
  next.fill();
  lines.redirect(opened(next.path));
  for (const line of ['12345\n', '67890\n']) lines.write(line);
  next.read();
  await pass(RETRY);
  next.read();
  lines.write('two\n');
  expect(next.read()).toEqual([expect.stringMatching(/^dropped \d: slow$/), 'two']);
});

test('line output: drops the queue when the reader of a full pipe disappears', async () => {
  const { fifo, lines } = piped();
  fifo.fill();
  lines.write('one\n');
  lines.write('two\n');
  fifo.close();
  lines.write('three\n');
  const reader = opened(fifo.path, constants.O_RDONLY | constants.O_NONBLOCK);
  readSync(reader, Buffer.alloc(1 << 20));
  await pass(RETRY);
  lines.write('four\n');
  const text = Buffer.alloc(1 << 20);
  expect(text.toString('utf8', 0, readSync(reader, text))).toBe('dropped 3: EPIPE: broken pipe, write\nfour\n');
});

test('line output: waits at the end for a reader that still reads', async () => {
  const { fifo, lines } = piped();
  fifo.fill();
  lines.write('one\n');
  let ended = false;
  void lines.end().then(() => (ended = true));
  await pass(RETRY);
  expect(ended).toBe(false);
  fifo.read();
  await pass(RETRY);
  expect(fifo.read()).toEqual(['one']);
  expect(ended).toBe(true);
});

test('line output: gives up at the end after half a second without progress', async () => {
  const { fifo, lines } = piped();
  fifo.fill();
  lines.write('one\n');
  let ended = false;
  void lines.end().then(() => (ended = true));
  await pass(450);
  expect(ended).toBe(false);
  await pass(100);
  expect(ended).toBe(true);
  fifo.read();
  await pass(1_000);
  expect(fifo.read()).toEqual([]);
});

test('line output: measures the half second from the last progress', async () => {
  const { fifo, lines } = piped();
  lines.write(`${'x'.repeat(4_000_000)}\n`);
  let ended = false;
  void lines.end().then(() => (ended = true));
  for (let i = 0; i < 8; i++) {
    fifo.read();
    await pass(RETRY);
  }
  await pass(450);
  expect(ended).toBe(false);
  await pass(150);
  expect(ended).toBe(true);
});

test('line output: gives up at the end after two seconds in total', async () => {
  const { fifo, lines } = piped();
  lines.write(`${'x'.repeat(4_000_000)}\n`);
  let ended = false;
  void lines.end().then(() => (ended = true));
  for (let i = 0; i < 38; i++) {
    fifo.read();
    await pass(RETRY);
  }
  expect(ended).toBe(false);
  for (let i = 0; i < 4; i++) {
    fifo.read();
    await pass(RETRY);
  }
  expect(ended).toBe(true);
});

describe.skipIf(process.platform !== 'linux')('on a full disk', () => {
  test('line output: on a full disk, passes lines to the fallback and reports their number later', () => {
    const path = folder.write('stderr', '');
    const stderr = output(opened(path, constants.O_WRONLY));
    const lines = output(opened('/dev/full'), { fallback: stderr });
    lines.write('one\n');
    lines.write('two\n');
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
    const file = folder.write('log', '');
    lines.redirect(opened(file, constants.O_WRONLY));
    lines.write('three\n');
    expect(readFileSync(file, 'utf8')).toBe('dropped 2: ENOSPC: no space left on device, write\nthree\n');
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
  });

  test('line output: writes no empty line for an empty report', () => {
    const lines = output(opened('/dev/full'));
    lines.reportDropsWith(() => '');
    lines.write('one\n');
    const file = folder.write('log', '');
    lines.redirect(opened(file, constants.O_WRONLY));
    lines.write('two\n');
    expect(readFileSync(file, 'utf8')).toBe('two\n');
  });
});
