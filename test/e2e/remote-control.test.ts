import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BeatProcess } from '../support/beat-process.ts';
import { CELERIES, type Celery, NEWEST, findCelery, requireCelery } from '../support/celery.ts';
import { Folder } from '../support/folder.ts';
import { borrowRabbit } from '../support/borrowed-rabbitmq.ts';
import type { RabbitNode } from '../support/rabbitmq-node.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';

const NODE = `celerybeat@${hostname()}`;
const ENABLED = ['--enable-remote-control'];
const noServer = requireService('rabbitmq-server') || requireService('redis-server');

/** Runs `celery inspect`, and returns its exit code and its output. */
async function inspect(
  celery: Celery,
  broker: string,
  ...args: readonly string[]
): Promise<{ code: number | null; output: string }> {
  const { python } = findCelery(celery)!;
  const command = ['-m', 'celery', '-b', broker, 'inspect', ...args];
  const child = spawn(python, command, { stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output: Buffer.concat(chunks).toString() };
}

describe.skipIf(noServer)(noServer || 'remote control', () => {
  const folder = new Folder();
  let redis: RedisServer;
  let rabbit: RabbitNode;
  beforeAll(async () => {
    [redis, rabbit] = await Promise.all([RedisServer.start(), borrowRabbit()]);
    const beatSchedule = { greet: { task: 'tasks.greet', schedule: 3600 } };
    folder.write('beat.config.json', JSON.stringify({ beatSchedule }));
  });
  afterAll(async () => {
    await Promise.all([redis.stop(), rabbit.stop()]);
    folder[Symbol.dispose]();
  });

  const start = async (broker: string, ...args: readonly string[]) => {
    const beat = new BeatProcess({ cwd: folder.path, args: ['-b', broker, ...args] });
    await beat.waitForEvent('remote-control');
    return beat;
  };
  const brokers = [
    ['Redis', () => redis.url()],
    ['RabbitMQ', () => rabbit.url()],
  ] as const;

  for (const celery of CELERIES) {
    const missing = requireCelery(celery);
    const version = findCelery(celery)?.version ?? '';
    for (const [broker, url] of brokers) {
      test.skipIf(missing)(
        missing || `celery inspect ping of ${version} on ${broker} gets a pong of celerybeat@HOST`,
        async () => {
          await using beat = await start(url(), ...ENABLED);
          const one = await inspect(celery, url(), 'ping', '-d', NODE, '--json');
          expect(one).toMatchObject({ code: 0 });
          expect(one.output).toContain(`{"${NODE}": {"ok": "pong"}}`);
          const all = await inspect(celery, url(), 'ping', '--json');
          expect(all.output).toContain(NODE);
          const { code } = await inspect(celery, url(), 'ping', '-d', 'celerybeat@other');
          expect(code).toBe(69);
          expect(await beat.stop()).toMatchObject({ code: 0 });
          expect(await inspect(celery, url(), 'ping', '-d', NODE)).toMatchObject({ code: 69 });
        },
      );
    }
  }

  const missing = requireCelery(NEWEST);
  describe.skipIf(missing)(missing || `the newest Celery`, () => {
    test('beat gives no answer to commands for workers', async () => {
      await using _beat = await start(redis.url(), ...ENABLED);
      expect(await inspect(NEWEST, redis.url(), 'active')).toMatchObject({ code: 69 });
    });

    test('-n names the node', async () => {
      await using _beat = await start(redis.url(), ...ENABLED, '-n', 'scheduler@%n.example');
      const node = `scheduler@${hostname().split('.')[0]}.example`;
      const { output } = await inspect(NEWEST, redis.url(), 'ping', '-d', node, '--json');
      expect(output).toContain(node);
    });

    test('the settings of Celery enable it, and --no-enable-remote-control disables it', async () => {
      const own = new Folder();
      own.write('beat.config.json', JSON.stringify({ CELERYBEAT_ENABLE_REMOTE_CONTROL: true }));
      await using asked = new BeatProcess({ cwd: own.path, args: ['-b', redis.url()] });
      await Promise.all([asked.waitForEvent('remote-control'), asked.waitForEvent('leading')]);
      const args = ['-b', redis.url(), '--no-enable-remote-control'];
      await using silent = new BeatProcess({ cwd: own.path, args });
      await silent.waitForEvent('following');
      expect(silent.log.all.some(({ event }) => event === 'remote-control')).toBe(false);
      own[Symbol.dispose]();
    });
  });

  test('beat answers again after the broker was restarted', async () => {
    await using server = await RedisServer.start({ appendOnly: true });
    await using beat = await start(server.url(), ...ENABLED);
    const from = beat.log.all.length;
    await server.kill();
    await beat.log.first('the outage', ({ event, level }) => event === 'remote-control' && level === 'warn', from);
    await server.start();
    const again = await beat.log.first(
      'the answer',
      ({ event, level }) => event === 'remote-control' && level === 'info',
      from,
    );
    expect(again.msg).toBe(`Remote control: answering as ${NODE}`);
  });
});

test('remote control: a broker without fanout exchanges is a warning', async () => {
  using folder = new Folder();
  folder.write('beat.config.json', JSON.stringify({ beatEnableRemoteControl: true }));
  await using beat = new BeatProcess({ cwd: folder.path });
  const { msg } = await beat.waitForEvent('configuration');
  expect(msg).toContain('beat does not answer: a broker at sqla+sqlite:// has no fanout exchanges');
});
