import { expect, test, vi } from 'vitest';
import { ManualClock } from '../../../src/drivers/memory/clock.ts';
import { HttpApp, READ, TOKENS } from '../../support/http-app.ts';
import { settle } from '../../support/settle.ts';

const CRON = { cron: '0 3 * * *' };

/** A stream whose looks the test brings about. */
async function openStream(names: readonly string[] = [], query = '') {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const beatSchedule = Object.fromEntries(names.map((name) => [name, { task: 't', schedule: CRON }]));
  const app = await HttpApp.open({ http: TOKENS, beatSchedule }, { clock });
  const start = async () => {
    const response = await app.request(`/api/events?${query}`, { token: READ });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    const chunks: string[] = [];
    void (async () => {
      for (let next = await reader.read(); !next.done; next = await reader.read()) chunks.push(next.value);
    })();
    await settle();
    return chunks;
  };
  const look = async () => {
    clock.advance(1_000);
    await settle();
  };
  return { app, start, look, [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() };
}

test('event stream: every fifteenth look sends a comment, so that proxies leave it open', async () => {
  await using stream = await openStream();
  const chunks = await stream.start();
  expect(chunks).toEqual(['event: ready\ndata: {}\n\n']);
  for (let i = 0; i < 14; i++) await stream.look();
  expect(chunks).toHaveLength(1);
  await stream.look();
  expect(chunks.slice(1)).toEqual([': alive\n\n']);
  for (let i = 0; i < 15; i++) await stream.look();
  expect(chunks).toHaveLength(3);
});

test('event stream: the totals of the day are compared at every fifth look', async () => {
  await using stream = await openStream();
  const at = Date.parse('2027-03-01T12:00:00Z');
  let published = 0;
  vi.spyOn(stream.app.store.history!, 'minutes').mockImplementation(async () => [
    { at, published: (published += 1), skipped: 0, succeeded: 0, failed: 0 },
  ]);
  const chunks = await stream.start();
  for (let i = 0; i < 4; i++) await stream.look();
  expect(chunks).toHaveLength(1);
  await stream.look();
  expect(chunks[1]).toMatch(/^event: day\ndata: \{"published":6,/);
  for (let i = 0; i < 4; i++) await stream.look();
  expect(chunks).toHaveLength(2);
});

test('event stream: an instance that starts is an event, and one that is seen again is none', async () => {
  await using stream = await openStream();
  const chunks = await stream.start();
  const instance = {
    ...({ id: 'one', host: 'alpha', pid: 7, version: '1.2.3', role: 'follower' } as const),
    ...{ term: null, startedAt: 0, skewMs: null },
  };
  for (let i = 0; i < 3; i++) {
    await stream.app.store.instances.announce(instance);
    await stream.look();
  }
  expect(chunks.slice(1)).toEqual([expect.stringMatching(/^event: instances\ndata: \[\{"id":"one"/)]);
});

test('event stream: has at most 200 entries, those of the address first', async () => {
  const names = Array.from({ length: 201 }, (_, i) => `e${i}`);
  await using stream = await openStream(names, `limit=200&entry=e200`);
  const chunks = await stream.start();
  const latest = vi.spyOn(stream.app.store.history!, 'latest');
  await stream.look();
  expect(chunks).toHaveLength(1);
  const [read] = latest.mock.calls[0]!;
  expect(read).toHaveLength(200);
  expect(read).toContain('e200');
  expect(read).not.toContain('e199');
});

test('event stream: continues after the store could not be read', async () => {
  await using stream = await openStream(['a'], 'entry=a');
  const chunks = await stream.start();
  const list = vi.spyOn(stream.app.store.instances, 'list').mockRejectedValue(new Error('lost'));
  await stream.look();
  list.mockRestore();
  const outcome = { kind: 'outcome', taskId: 'id', dueAt: 0, state: 'SUCCESS', doneAt: Date.now() } as const;
  const row = { ...outcome, runtimeMs: null, worker: null, error: null };
  await stream.app.store.history!.append([{ entry: 'a', row }]);
  await stream.look();
  expect(chunks[1]).toMatch(/^event: status\ndata: \{"entry":"a"/);
});

test('event stream: more than a hundred are rejected, also if the server allows more', async () => {
  await using app = await HttpApp.open({ http: TOKENS, beatSchedule: {} }, { maxStreams: 1_000 });
  const responses: Response[] = [];
  for (let i = 0; i < 101; i++) responses.push(await app.request('/api/events', { token: READ }));
  expect(responses.slice(0, 100).every(({ status }) => status === 200)).toBe(true);
  const rejected = responses[100]!;
  expect([rejected.status, await rejected.json()]).toMatchObject([503, { detail: 'too many streams' }]);
  for (const { body } of responses.slice(0, 100)) await body!.cancel();
  await settle();
});
