import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { captureWrites } from '../support/capture-writes.ts';
import { Folder } from '../support/folder.ts';

/** Part of every password here, so that a piece of one is found as well. */
const PIECE = 'Zq7x';
const PASSWORD = `${PIECE}hunter${PIECE}`;

const URLS = [
  `redis://user:${PASSWORD}@host:6379/0`,
  `redis:///:${PASSWORD}@host/1`,
  `redis:/user:${PASSWORD}@host/0`,
  `redis://user:${PASSWORD}`,
  `redis://user:a/${PASSWORD}@host/0`,
  `redis://user:a?${PASSWORD}@host/0`,
  `redis://user:a#${PASSWORD}@host/0`,
  `redis://user:%${PASSWORD}@host/0`,
  `redis://host/0?password=${PASSWORD}&nonsense=1`,
  `rdis://user:${PASSWORD}@host/0`,
  `user:${PASSWORD}@host`,
  `amqp://user:${PASSWORD}@host:port//`,
  `amqp://user:${PASSWORD}@host//?heartbeat=${PASSWORD}@x`,
  `librabbitmq://user:${PASSWORD}@host//?heartbeat=x`,
  `sqla+mysql://user:${PASSWORD}/celery`,
  `sqla+mysql://user:a/${PASSWORD}@host/celery?nonsense=1`,
  `sqla+postgresql://user:${PASSWORD}@host/celery?sslmode=x`,
  `sqla+postgresql://user:a?${PASSWORD}@host/celery`,
  `sqla+sqlite://user:${PASSWORD}@host/x`,
  `sentinel://:${PASSWORD}@h1;sentinel://:${PASSWORD}@h2`,
  `https://user:${PASSWORD}@host`,
] as const;

const VARIABLES = [
  ...['BEAT_BROKER_URL', 'BROKER_URL', 'CELERY_BROKER_URL', 'CELERY_BROKER_WRITE_URL'],
  ...['BEAT_STATE_URL', 'RESULT_BACKEND', 'CELERY_RESULT_BACKEND', 'BEAT_CONFIG', 'BEAT_LOG_LEVEL'],
];

const FLAGS = [
  ...['--broker', '--state', '--result-backend', '--config', '--loglevel', '--log-format', '--app'],
  ...['--schedule', '--scheduler', '--max-interval', '--pidfile', '--logfile', '--workdir', '--uid'],
  ...['--gid', '--umask', '--no-such-flag', '--brokr'],
];

describe('a password', () => {
  const folder = new Folder();
  let output = '';
  const config = `${folder.path}/beat.config.json`;
  writeFileSync(config, JSON.stringify({ beatSchedule: { e: { task: 't', schedule: 60 } } }));

  beforeEach(() => {
    output = '';
    const take = (text: string) => {
      output += text;
    };
    captureWrites('stdout', take);
    captureWrites('stderr', take);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });

  const run = async (argv: readonly string[]) => {
    await main(argv);
    expect(output).not.toBe('');
    expect(output).not.toContain(PIECE);
  };

  test.each(URLS)('in %s is never shown for a flag', async (url) => {
    for (const flag of FLAGS) {
      output = '';
      await run(['check', '-c', config, flag, url]);
      output = '';
      await run(['check', '--json', '-c', config, `${flag}=${url}`]);
    }
  });

  test.each(URLS)('in %s is never shown for a command or argument', async (url) => {
    await run([url]);
    await run(['next', url, '-c', config]);
    await run(['next', '-c', config, '--after', url]);
    await run(['next', '-c', config, '--timezone', url]);
    await run(['next', '-c', config, '-n', url]);
    await run([`broker=${url}`]);
    await run([`broker.url=${url}`]);
  });

  test.each([...URLS, PASSWORD, `user:${PASSWORD}`])(
    'in %s is shown for no variable, and for no file that one names',
    async (secret) => {
      const file = `${folder.path}/secret`;
      writeFileSync(file, `${secret}\n`);
      for (const name of VARIABLES) {
        // A path and a level are no secrets, unless they look like one.
        if (/CONFIG|LEVEL/.test(name) && !secret.includes('@')) continue;
        vi.stubEnv(name, secret);
        await run(['check', ...(name === 'BEAT_CONFIG' ? [] : ['-c', config])]);
        vi.unstubAllEnvs();
        vi.stubEnv(`${name}_FILE`, file);
        await run(['check', ...(name === 'BEAT_CONFIG' ? [] : ['-c', config])]);
        vi.unstubAllEnvs();
      }
    },
  );

  test.each(URLS)('in %s is never shown for a setting', async (url) => {
    const settings = [
      { brokerUrl: url },
      { brokerUrl: [url, 'redis://localhost'] },
      { stateUrl: url },
      { lockUrls: [url] },
      { resultBackend: url },
      { brokerUrl: { url } },
      { keyPrefix: [url] },
      { timezone: url },
      { lock: { ttl: url } },
      { brokerTransportOptions: { masterName: [url], nonsense: url } },
      { brokerUseSsl: { sslCertReqs: url } },
      { taskSerializer: url },
      { beatSchedule: { e: { task: 't', schedule: url } } },
      { beatSchedule: { e: { task: 't', schedule: 60, options: { queue: [url], priority: url } } } },
    ];
    for (const [i, each] of settings.entries()) {
      const path = `${folder.path}/s${i}.json`;
      writeFileSync(path, JSON.stringify({ beatSchedule: { e: { task: 't', schedule: 60 } }, ...each }));
      await run(['check', '-c', path]);
      await run(['check', '--json', '-c', path]);
    }
  });
});
