import { expect, test } from 'vitest';
import { Beat } from '../../src/index.ts';
import { systemClock } from '../../src/util/system-clock.ts';
import { logEvents } from '../../src/observe/log-events.ts';
import { createLogger } from '../../src/observe/logger.ts';
import { answer, FakeServer } from '../support/fake-server.ts';

test.each(['pw', 'a.b', 'Zq7xhunterZq7x', 'Zq%2F7x'])(
  'redis: a server that echoes commands does not bring the password "%s" into the log',
  async (password) => {
    const echo = answer((request) => {
      const words = request.toString().split(/\r\n(?:[*$]\d+\r\n)?/);
      const count = request.toString().match(/^\*/gm)?.length ?? 1;
      return `-ERR unknown command, with args: ${words.join(' ')} and so on\r\n`.repeat(count);
    });
    await using server = await FakeServer.start(echo);
    const beat = new Beat({
      brokerUrl: `redis://beat:${password}@127.0.0.1:${server.port}/0`,
      beatSchedule: { every: { task: 'tasks.note', schedule: 1 } },
    });
    let lines = '';
    const destination = { write: (line: string) => void (lines += line) };
    logEvents(beat, createLogger({ level: 'debug', destination }), systemClock);
    const failed = new Promise((resolve) => beat.once('failure', resolve));
    await beat.start();
    await failed;
    await beat.stop();
    expect(lines).toContain('unknown command');
    const sent = decodeURIComponent(password);
    expect(lines.split(/[^\w./%]+/)).not.toContain(sent);
    if (sent.length > 4) expect(lines).not.toContain(sent);
    expect(lines).not.toContain(`:${password}@`);
  },
);
