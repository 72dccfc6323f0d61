import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { openDelivery, type Fetch } from '../../../../src/observe/alerts/delivery.ts';
import type { HttpRequest } from '../../../../src/observe/alerts/requests.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { createLogger } from '../../../../src/observe/logger.ts';
import { systemClock } from '../../../../src/util/system-clock.ts';
import { settle } from '../../../support/settle.ts';

const request = (more: Partial<HttpRequest> = {}): HttpRequest => ({
  key: 'a',
  about: 'webhook (late)',
  entry: 'a',
  url: 'https://one.example/secret-path',
  method: 'POST',
  headers: {},
  body: 'text',
  ...more,
});

function rig(answer: (url: string, attempt: number) => number | 'never' | Error) {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const lines: { level: string; msg: string }[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[0]);
  const log = createLogger({ level: 'info', destination: { write } });
  const calls: string[] = [];
  const fetch: Fetch = async (url, { signal }) => {
    calls.push(url);
    const result = answer(url, calls.length);
    if (result === 'never') {
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    }
    if (result instanceof Error) throw result;
    return { status: result };
  };
  return { clock, lines, calls, delivery: openDelivery(fetch, clock, log) };
}

describe('delivery of alerts', () => {
  test('a request that fails is sent again after growing pauses, and the log says so once', async () => {
    const { clock, lines, calls, delivery } = rig((_url, attempt) => (attempt < 4 ? 503 : 200));
    delivery.push(request());
    await settle();
    for (const [pause, attempts] of [
      [1_000, 2],
      [2_000, 3],
      [4_000, 4],
    ] as const) {
      clock.advance(pause - 1);
      await settle();
      expect(calls).toHaveLength(attempts - 1);
      clock.advance(1);
      await settle();
      expect(calls).toHaveLength(attempts);
    }
    expect(lines.map(({ level, msg }) => `${level} ${msg}`)).toEqual([
      'warn Alert not delivered to one.example: webhook (late): status 503; retrying',
      'info Alerts reach one.example again',
    ]);
    expect(JSON.stringify(lines)).not.toContain('secret-path');
  });

  test.each([408, 429, 500, 503])('status %s is temporary', async (status) => {
    const { clock, lines, calls, delivery } = rig((_url, attempt) => (attempt === 1 ? status : 299));
    delivery.push(request());
    await settle();
    expect(lines[0]!.msg).toBe(`Alert not delivered to one.example: webhook (late): status ${status}; retrying`);
    clock.advance(1_000);
    await settle();
    expect(calls).toHaveLength(2);
  });

  test('a request that cannot be sent is sent again, and the log has the cause', async () => {
    const failed = new Error('fetch failed', { cause: new Error('connect ECONNREFUSED') });
    const { clock, lines, calls, delivery } = rig((_url, attempt) => (attempt === 1 ? failed : 200));
    delivery.push(request());
    await settle();
    expect(lines).toMatchObject([
      {
        ...{ level: 'warn', event: 'alert', host: 'one.example', entry: 'a' },
        msg: 'Alert not delivered to one.example: webhook (late): connect ECONNREFUSED; retrying',
      },
    ]);
    clock.advance(1_000);
    await settle();
    expect(calls).toHaveLength(2);
  });

  test('a function that throws, or does not end within 10 s, is called again', async () => {
    const { clock, lines, delivery } = rig(() => 200);
    const ends = [() => Promise.reject(new Error('pager is down')), () => new Promise(() => {}), () => undefined];
    const signals: AbortSignal[] = [];
    const call = (signal: AbortSignal) => (signals.push(signal), ends[signals.length - 1]!());
    delivery.push({ key: 'a', about: 'function (late)', entry: 'a', call });
    for (const ms of [0, 1_000, 10_000, 2_000]) {
      clock.advance(ms);
      await settle();
    }
    expect(signals).toHaveLength(3);
    expect(lines.map(({ level, msg }) => `${level} ${msg}`)).toEqual([
      'warn Alert not delivered to the function of alerts.call: function (late): pager is down; retrying',
      'info Alerts reach the function of alerts.call again',
    ]);
  });

  test('a request that was answered leaves no timer', async () => {
    const { clock, delivery } = rig(() => 200);
    const signals: AbortSignal[] = [];
    const sleep = clock.sleep.bind(clock);
    clock.sleep = (ms, signal) => (signals.push(signal), sleep(ms, signal));
    delivery.push(request());
    await settle();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  test.each([400, 401, 404, 410])('status %s is final', async (status) => {
    const { clock, lines, calls, delivery } = rig(() => status);
    delivery.push(request());
    await settle();
    clock.advance(600_000);
    await settle();
    expect(calls).toHaveLength(1);
    expect(lines[0]!.msg).toBe(`Alert lost, not delivered to one.example: webhook (late): status ${status}`);
  });

  test('a redirect is final, so that no other host receives the headers of a webhook', async () => {
    const reached: string[] = [];
    const listen = async (answer: Parameters<typeof createServer>[1]) => {
      const server = createServer(answer).listen(0, '127.0.0.1');
      servers.push(server);
      await new Promise((resolve) => server.once('listening', resolve));
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    };
    const other = await listen((_request, response) => {
      reached.push('other host');
      response.end();
    });
    const url = await listen((_request, response) => {
      reached.push('configured host');
      response.writeHead(307, { Location: other }).end();
    });
    const logged = Promise.withResolvers<{ readonly level: string; readonly msg: string }>();
    const write = (line: string) => logged.resolve(JSON.parse(line) as never);
    const log = createLogger({ level: 'debug', destination: { write } });
    const delivery = openDelivery(fetch, new ManualClock('2027-03-01T12:00:00Z'), log);
    delivery.push(request({ url, headers: { 'x-secret': 'secret' } }));
    const { level, msg } = await logged.promise;
    expect(`${level} ${msg}`).toBe(
      `error Alert lost, not delivered to ${new URL(url).host}: webhook (late): status 307; beat follows no redirect, so set the URL it leads to`,
    );
    expect(reached).toEqual(['configured host']);
  });

  test('requests with one key are sent in order, and a slow host delays no other', async () => {
    const { calls, delivery } = rig((url) => (url.includes('slow') ? 'never' : 200));
    for (let i = 0; i < 10; i++) delivery.push(request({ key: `k${i}`, url: `https://slow.example/${i}` }));
    for (const path of ['start', 'success']) delivery.push(request({ url: `https://one.example/${path}` }));
    await settle();
    expect(calls.filter((url) => url.includes('slow'))).toHaveLength(4);
    expect(calls.filter((url) => url.includes('one'))).toEqual([
      'https://one.example/start',
      'https://one.example/success',
    ]);
  });

  test('a request waits while the one before it with the same key is sent again', async () => {
    const { clock, calls, delivery } = rig((_url, attempt) => (attempt === 1 ? 503 : 200));
    const [start, success] = ['https://one.example/start', 'https://one.example/success'] as const;
    for (const url of [start, success]) delivery.push(request({ url }));
    await settle();
    expect(calls).toEqual([start]);
    clock.advance(1_000);
    await settle();
    expect(calls).toEqual([start, start, success]);
  });

  test('a request without an answer fails after 10 seconds', async () => {
    const { clock, lines, delivery } = rig(() => 'never');
    delivery.push(request());
    await settle();
    clock.advance(10_000);
    await settle();
    expect(lines[0]!.msg).toContain('no answer in 10 s; retrying');
  });

  test('at most 1,000 requests to one host wait, and lost requests are counted', async () => {
    const { lines, delivery } = rig(() => 'never');
    for (let i = 0; i < 1_100; i++) delivery.push(request({ key: `k${i}` }));
    await settle();
    const lost = lines.filter(({ level }) => level === 'error');
    expect(lost.map(({ msg }) => msg)).toEqual(
      Array(3).fill('Alert lost, not delivered to one.example: webhook (late): too many alerts wait'),
    );
  });

  test('a request is lost after ten attempts, the first of them less than a minute apart', async () => {
    const { clock, lines, calls, delivery } = rig(() => 503);
    delivery.push(request());
    await settle();
    for (let i = 0; i < 20; i++) {
      clock.advance(60_000);
      await settle();
    }
    expect(calls).toHaveLength(10);
    expect(lines.map(({ level, msg }) => `${level} ${msg}`)).toEqual([
      'warn Alert not delivered to one.example: webhook (late): status 503; retrying',
      'error Alert lost, not delivered to one.example: webhook (late): status 503',
    ]);
  });

  test('the line of a recovery counts the lost alerts, and later deliveries are not logged', async () => {
    let status = 400;
    const { lines, delivery } = rig(() => status);
    for (let i = 0; i < 2; i++) delivery.push(request());
    await settle();
    status = 200;
    for (let i = 0; i < 2; i++) delivery.push(request());
    await settle();
    expect(lines.filter(({ level }) => level === 'info').map(({ msg }) => msg)).toEqual([
      'Alerts reach one.example again; 2 alerts were lost',
    ]);
  });

  test('a host that fails again after a recovery is a warning again', async () => {
    let status = 503;
    const { clock, lines, delivery } = rig(() => status);
    for (const next of [200, 503, 200]) {
      delivery.push(request());
      await settle();
      status = next;
      clock.advance(1_000);
      await settle();
    }
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'info', 'warn', 'info']);
  });

  test('an answered request no longer waits', async () => {
    const { lines, calls, delivery } = rig(() => 200);
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 600; j++) delivery.push(request({ key: `k${j}` }));
      await settle();
    }
    expect(calls).toHaveLength(1_800);
    expect(lines).toEqual([]);
  });

  test('a stop waits for current requests until its grace period ends, and accepts no new requests', async () => {
    const { calls, delivery } = rig(() => 200);
    delivery.push(request());
    await delivery.close(2_000);
    expect(calls).toHaveLength(1);
    delivery.push(request());
    await settle();
    expect(calls).toHaveLength(1);

    const slow = rig(() => 'never');
    slow.delivery.push(request());
    let isClosed = false;
    const closed = slow.delivery.close(2_000).then(() => (isClosed = true));
    await settle();
    expect(isClosed).toBe(false);
    slow.clock.advance(2_000);
    await closed;
    slow.clock.advance(600_000);
    await settle();
    expect(slow.calls).toHaveLength(1);
  });

  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  test('a server that never answers delays neither `push` nor a stop', async () => {
    const connected = Promise.withResolvers<undefined>();
    const server = createServer(() => connected.resolve(undefined)).listen(0, '127.0.0.1');
    servers.push(server);
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const log = createLogger({ level: 'error', destination: { write: () => {} } });
    const delivery = openDelivery(fetch, systemClock, log);
    delivery.push(request({ url: `http://127.0.0.1:${port}/` }));
    await connected.promise;
    await delivery.close(0);
    expect(server.listening).toBe(true);
  });
});
