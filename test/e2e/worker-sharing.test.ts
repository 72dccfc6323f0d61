import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { BeatProcess } from '../support/beat-process.ts';
import { CELERIES, findCelery, requireCelery } from '../support/celery.ts';
import type { Module } from '../support/celery-pythons.ts';
import { Child } from '../support/child.ts';
import { runCommand } from '../support/command.ts';
import { Folder } from '../support/folder.ts';
import { Journal } from '../support/journal.ts';
import { MariaServer } from '../support/mariadb.ts';
import { PostgresServer } from '../support/postgres.ts';
import { borrowRabbit } from '../support/borrowed-rabbitmq.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';

const WORKER = join(import.meta.dirname, '../../deploy/worker');

/** A broker that two kinds of workers share. */
interface Shared {
  url(): string;
  /** Removes all messages: a Celery worker that stops before it has acknowledged a command returns its message. */
  empty(): Promise<unknown>;
  stop(): Promise<unknown>;
}

interface SharedBroker {
  readonly name: string;
  readonly program: 'redis-server' | 'rabbitmq-server' | 'postgres' | 'mariadbd';
  readonly start: () => Promise<Shared>;
  /** SQLAlchemy's driver for each Celery: version 1.4 does not know the default driver of 2.1. */
  readonly drivers?: readonly Module[];
}

const BROKERS: readonly SharedBroker[] = [
  {
    name: 'Redis',
    program: 'redis-server',
    start: async (): Promise<Shared> => {
      const server = await RedisServer.start();
      return { url: () => server.url(), empty: () => server.flush(), stop: () => server.stop() };
    },
  },
  {
    name: 'RabbitMQ',
    program: 'rabbitmq-server',
    start: async (): Promise<Shared> => {
      const server = await borrowRabbit();
      return { url: () => server.url(), empty: () => server.reset(), stop: () => server.stop() };
    },
  },
  { name: 'PostgreSQL', program: 'postgres', start: () => PostgresServer.start(), drivers: ['psycopg2', 'psycopg'] },
  { name: 'MariaDB', program: 'mariadbd', start: () => MariaServer.start(), drivers: ['pymysql', 'pymysql'] },
];

for (const { name, program, start, drivers } of BROKERS) {
  const missing = requireService(program);
  describe.skipIf(missing)(missing || `beat worker and Celery on one ${name}`, () => {
    let server: Shared;

    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server.stop());

    test.for(CELERIES)(
      `beat worker shares a queue of ${name} with $name: each command runs once`,
      async (celery, context) => {
        const driver = drivers?.[CELERIES.indexOf(celery)];
        const reason = requireCelery(celery, ...(driver ? [driver] : []));
        if (reason !== false) context.skip(reason);
        const url = driver ? server.url().replace(/^[^:]+/, (scheme) => `${scheme}+${driver}`) : server.url();
        await server.empty();
        using folder = new Folder();
        const cwd = folder.path;
        const shell = 'echo $BEAT_DUE_AT >> ran; sleep 0.4';
        const beatSchedule = { often: { shell, schedule: 0.2 } };
        folder.write('beat.config.yaml', stringify({ beatSchedule }));
        folder.write('commands.json', (await runCommand('shell-commands', '-c', cwd)).stdout);
        const output = new Journal<string>();
        const add = (line: string) => output.add(line);
        const flags = ['-Q', 'shell', '-l', 'info', '-c', '1'];
        await using _python = new Child(
          findCelery(celery)!.python,
          ['-m', 'celery', '-A', 'beat_shell', 'worker', ...flags],
          {
            cwd,
            env: {
              PYTHONPATH: WORKER,
              PYTHONDONTWRITEBYTECODE: '1',
              CELERY_BROKER_URL: url,
              BEAT_SHELL_COMMANDS: 'commands.json',
            },
            lines: { 1: add, 2: add },
          },
        );
        const args = ['-b', url];
        await using worker = new BeatProcess({ cwd, args: ['worker', '--concurrency', '1', ...args] });
        await worker.waitForEvent('consuming');
        await output.first('ready', (line) => line.includes(' ready'));
        await using beat = new BeatProcess({ cwd, args: [...args, '--state', 'sqla+sqlite:///state.sqlite'] });
        await beat.waitForRuns(12);
        await beat.stop();
        const succeeded = (line: string) => line.includes('] succeeded in');
        const idsOfBeat = () =>
          worker.log.all.filter(({ event }) => event === 'job-succeeded').map(({ taskId }) => String(taskId));
        const idsOfCelery = () => output.all.filter(succeeded).map((line) => /\[([0-9a-f-]{36})\]/.exec(line)![1]!);
        const sent = beat.sent.map(({ taskId }) => taskId);
        const isDone = () => idsOfBeat().length + idsOfCelery().length >= sent.length || undefined;
        await Promise.race([output.until('all commands ran', isDone), worker.log.until('all commands ran', isDone)]);
        expect([...idsOfBeat(), ...idsOfCelery()].sort()).toEqual(sent.sort());
        expect(idsOfBeat().length).toBeGreaterThan(0);
        expect(idsOfCelery().length).toBeGreaterThan(0);
      },
    );
  });
}
