import { describe, expect, test } from 'vitest';
import { Beat } from '../../src/index.ts';
import { ClientSockets } from '../support/client-sockets.ts';
import * as fake from '../support/fake-server.ts';
import { FakeServer, type Behaviour } from '../support/fake-server.ts';
import { Folder } from '../support/folder.ts';

/** Bytes that are read at most before a handshake is complete. */
const HANDSHAKE_LIMIT = 256 * 1024;

/** Milliseconds: 2 s, and something for a busy machine. */
const STOP_LIMIT = 2_500;

/** One chunk that is on its way when the limit is reached. */
const CHUNK = 65_536;

const KINDS = [
  ['Redis', (port: number) => `redis://user:pw@127.0.0.1:${port}/0`],
  ['MySQL', (port: number) => `sqla+mysql://user:pw@127.0.0.1:${port}/celery`],
  ['PostgreSQL', (port: number) => `sqla+postgresql://user:pw@127.0.0.1:${port}/celery`],
  ['AMQP 0-9-1', (port: number) => `amqp://user:pw@127.0.0.1:${port}//`],
] as const;

type Kind = (typeof KINDS)[number];

/** Runs a beat against the server until it has failed there, or has connected, and stops it. */
async function outcomeOf([, urlOf]: Kind, behaviour: Behaviour, until: 'failed' | 'connected') {
  await using server = await FakeServer.start(behaviour);
  using sockets = new ClientSockets();
  using folder = new Folder();
  const brokerUrl = urlOf(server.port);
  const beat = new Beat({
    brokerUrl,
    ...(brokerUrl.startsWith('amqp') && { stateUrl: `sqla+sqlite:///${folder.path}/state.sqlite` }),
    beatSchedule: { every: { task: 'tasks.note', schedule: 1, missed: 'all' } },
  });
  const faults: string[] = [];
  const failed = new Promise<void>((resolve) => {
    beat.on('failure', ({ error }) => {
      faults.push(String(error));
      resolve();
    });
  });
  await beat.start();
  await (until === 'failed' ? failed : server.connected);
  const stopping = performance.now();
  await beat.stop();
  return { faults, stoppedIn: performance.now() - stopping, read: sockets.bytesRead() };
}

const FLOODS: [string, string | Buffer][] = [
  ['zeros', Buffer.alloc(1_000)],
  ['0xff', Buffer.alloc(1_000, 0xff)],
  ['lines of text', 'the quick brown fox jumps over the lazy dog\r\n'],
  ['announcements of huge arrays', '*1000000000\r\n'],
  ['arrays within arrays', '*1\r\n'],
  ['long strings', `$1000000000\r\n${'x'.repeat(10_000)}`],
  ['answers that nothing asked for', '+OK\r\n'],
  ['greetings of MySQL', Buffer.from([0x4a, 0, 0, 0, 10, ...Buffer.from('8.0.33\0'.repeat(9))])],
  ['the word of PostgreSQL that it has TLS', 'S'],
  ['notices of PostgreSQL', Buffer.from([0x4e, 0, 0, 0, 9, 0x4d, 0x61, 0x62, 0, 0])],
  ['frames of AMQP', Buffer.from([1, 0, 0, 0, 0, 0, 4, 0, 10, 0, 99, 0xce])],
];

describe.each<Kind>([...KINDS])('%s', (...kind) => {
  test.each(FLOODS)(
    'the connection to a peer that floods with %s is closed early, and does not delay a stop',
    async (_, chunk) => {
      const { stoppedIn, read } = await outcomeOf(kind, fake.flood(chunk), 'failed');
      expect(Math.max(...read)).toBeLessThanOrEqual(HANDSHAKE_LIMIT + CHUNK);
      expect(stoppedIn).toBeLessThan(STOP_LIMIT);
    },
  );

  test.each<[string, Behaviour]>([
    ['never answers', fake.neverAnswer],
    ['sends a byte now and then', fake.drip('+')],
    ['closes its own direction', fake.halfOpen],
    ['closes every connection', fake.closeAtOnce],
    ['floods', fake.flood('+')],
    ['speaks HTTP', fake.answerAsHttp],
    ['expects TLS', fake.answerTlsAlert],
  ])('a peer that %s does not hold up a stop', async (_, behaviour) => {
    const { stoppedIn } = await outcomeOf(kind, behaviour, 'connected');
    expect(stoppedIn).toBeLessThan(STOP_LIMIT);
  });

  test('an error names the protocol that replied', async () => {
    const { faults } = await outcomeOf(kind, fake.answerAsHttp, 'failed');
    expect(faults[0]).toMatch(
      new RegExp(
        `the server at 127\\.0\\.0\\.1:\\d+ does not speak ${kind[0]}: ` +
          String.raw`it sent "HTTP/1\.1 400 Bad Request\\r\\nContent-Length: 0\\r\\n\\r\\n", which is HTTP`,
      ),
    );
  });

  test('a server that expects TLS is recognised', async () => {
    const { faults } = await outcomeOf(kind, fake.answerTlsAlert, 'failed');
    expect(faults[0]).toContain('which is TLS; configure TLS in the URL');
  });
});
