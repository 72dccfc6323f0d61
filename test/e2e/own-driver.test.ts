import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decodeEnvelope } from '../../src/celery/kombu/envelope.ts';
import { BeatProcess } from '../support/beat-process.ts';
import { Folder } from '../support/folder.ts';
import { Journal } from '../support/journal.ts';

const ROOT = join(import.meta.dirname, '../..');
const EXAMPLE = join(ROOT, 'examples/own-driver');

test('the example publishes over HTTP, and repeats a request that failed under its id', async () => {
  const journal = new Journal<{ readonly queue: string; readonly id: string; readonly task: string }>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { headers } = decodeEnvelope(Buffer.concat(chunks).toString())!;
      const id = String(request.headers['idempotency-key']);
      journal.add({ queue: request.url!, id, task: String(headers['task']) });
      response.writeHead(journal.all.length === 1 ? 503 : 204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const library = JSON.stringify(join(ROOT, 'dist/index.js'));
  const read = (file: string) => readFileSync(join(EXAMPLE, file), 'utf8').replace("'celery-beat'", library);
  using folder = new Folder({
    'http-queue.js': read('http-queue.js'),
    'beat.config.js': read('beat.config.js').replace(':8080', `:${port}`).replace('schedule: 30', 'schedule: 1'),
    'package.json': '{"type":"module"}',
  });
  try {
    await using beat = new BeatProcess({ cwd: folder.path });
    await journal.until('three requests', (all) => all.length >= 3 || undefined);
    expect(await beat.stop()).toEqual({ code: 0, signal: null });
  } finally {
    server.closeAllConnections();
    server.close();
  }
  const [first, second, third] = journal.all;
  expect(first).toMatchObject({ queue: '/queues/celery', task: 'reports.build' });
  expect(second).toEqual(first);
  expect(third!.id).not.toBe(first!.id);
});
