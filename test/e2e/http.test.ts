import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BeatProcess, runBeat } from '../support/beat-process.ts';
import { Folder } from '../support/folder.ts';

let folder: Folder;
beforeEach(() => {
  folder = new Folder({ 'beat.config.yaml': 'beatSchedule: {e: {task: t, schedule: 3600}}' });
});
afterEach(() => folder[Symbol.dispose]());

const TOKEN = 'read-token-of-the-tests';

test('beat start --http: answers probes, and stops at once on SIGTERM', async () => {
  const args = ['--http', '0'];
  await using beat = new BeatProcess({ cwd: folder.path, args });
  const { url } = (await beat.waitForEvent('http')) as unknown as { url: string };
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  await beat.waitForEvent('scheduling');
  const health = await fetch(`${url}/healthz`);
  expect([health.status, await health.json()]).toEqual([200, { status: 'ok', idleMs: expect.any(Number) as number }]);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  expect(await beat.stop()).toMatchObject({ code: 0 });
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
});

test('beat start --http: /metrics has what the instance published', async () => {
  await using beat = new BeatProcess({ cwd: folder.path, args: ['--http', '0'] });
  const { url } = (await beat.waitForEvent('http')) as unknown as { url: string };
  await beat.waitForEvent('scheduling');
  const response = await fetch(`${url}/metrics`);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  const body = await response.text();
  expect(body).toMatch(/^beat_leader 1$/m);
  expect(body).toMatch(/^beat_runs_published_total\{cause="schedule"\} \d+$/m);
});

test('beat start --http: serves while it follows another instance', async () => {
  await using leader = new BeatProcess({ cwd: folder.path });
  await leader.waitForEvent('scheduling');
  await using follower = new BeatProcess({ cwd: folder.path, args: ['--http', '0'] });
  await follower.waitForEvent('following');
  const { url } = (await follower.waitForEvent('http')) as unknown as { url: string };
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
});

test('beat start --http: takes tokens from files that variables name', async () => {
  folder.write('token', `${TOKEN}\n`);
  const env = { BEAT_HTTP_READ_TOKEN_FILE: `${folder.path}/token`, BEAT_HTTP: '0' };
  await using beat = new BeatProcess({ cwd: folder.path, env });
  const { url } = (await beat.waitForEvent('http')) as unknown as { url: string };
  const status = async (token: string) =>
    (await fetch(`${url}/metrics`, { headers: { Authorization: `Bearer ${token}` } })).status;
  expect(await status('wrong-token-of-the-tests')).toBe(401);
  expect(await status(TOKEN)).not.toBe(401);
});

test('beat start --http: an address of the network without a token is rejected', async () => {
  const { code, stderr } = await runBeat(['start', '--http', '0.0.0.0:0'], { cwd: folder.path });
  expect(code).toBe(2);
  expect(stderr).toBe(
    'http.host: 0.0.0.0 can be reached from other hosts, so reading needs a token: set http.readToken, ' +
      'BEAT_HTTP_READ_TOKEN or BEAT_HTTP_READ_TOKEN_FILE, or listen on 127.0.0.1',
  );
});

test('beat start --http: a port that another process uses is reported, and beat does not start', async () => {
  using server = new PortHolder();
  const port = await server.port();
  const result = await runBeat(['start', '--http', String(port)], { cwd: folder.path });
  expect(result).toMatchObject({
    code: 1,
    stderr: `beat: http: cannot listen on 127.0.0.1:${port}: another process uses this port; choose another with --http or http.port`,
  });
  expect(result.stdout).not.toContain('"following"');
});

test('beat start --http: with 64 descriptors, probes are answered while clients leave more connections open', async () => {
  const within = ['sh', '-c', 'ulimit -n 64; exec "$@"', 'sh'];
  await using beat = new BeatProcess({ cwd: folder.path, args: ['--http', '0'], within });
  const { url } = (await beat.waitForEvent('http')) as unknown as { url: string };
  await beat.waitForEvent('scheduling');
  const port = Number(new URL(url).port);
  const head = 'POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n';
  const sockets: Socket[] = [];
  for (let i = 0; i < 150; i++) {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    sockets.push(socket);
    await once(socket, 'connect');
    if (i % 3 === 1) socket.write(head);
    if (i % 3 === 2) socket.write('GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
  }
  for (const path of ['/healthz', '/readyz']) expect((await fetch(`${url}${path}`)).status).toBe(200);
  for (const socket of sockets) socket.destroy();
  expect(await beat.stop()).toMatchObject({ code: 0 });
});

test('beat start --http: an upload that its client ends is a debug line', async () => {
  const args = ['--http', '0', '--loglevel', 'debug'];
  await using beat = new BeatProcess({ cwd: folder.path, args });
  const { url } = (await beat.waitForEvent('http')) as unknown as { url: string };
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const type = 'Content-Type: application/x-www-form-urlencoded';
  const site = 'Sec-Fetch-Site: same-origin';
  const head = `POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\n${type}\r\n${site}\r\nContent-Length: 9`;
  socket.end(`${head}\r\n\r\ntok`);
  const line = await beat.log.first('rejection', ({ msg }) => msg.includes('POST /login'));
  expect(line).toMatchObject({
    level: 'debug',
    msg: 'http: POST /login: the connection was closed before the end of the body (400)',
  });
  expect(beat.log.all.filter(({ level }) => level === 'error')).toEqual([]);
  expect(beat.errors).toEqual([]);
});

/** Listens on a free port. */
class PortHolder implements Disposable {
  readonly #server = createServer().listen(0, '127.0.0.1');

  async port(): Promise<number> {
    if (!this.#server.listening) await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  [Symbol.dispose](): void {
    this.#server.close();
  }
}
