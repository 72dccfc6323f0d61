import { expect, test } from 'vitest';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { storeOptions } from '../../../../src/config/service/store-options.ts';
import { openState } from '../../../../src/drivers/open-store.ts';
import type { Announcement } from '../../../../src/contracts/store/instances.ts';
import { systemClock } from '../../../../src/util/system-clock.ts';
import { runCommand } from '../../../support/command.ts';
import { ConfigFolder, parseJsonLines, splitLines } from '../../../support/config-folder.ts';

new ConfigFolder();

const FOLLOWER: Announcement = {
  id: 'one',
  host: 'alpha',
  pid: 7,
  version: '1.2.3',
  role: 'follower',
  term: null,
  startedAt: Date.parse('2027-03-01T12:00:00Z'),
  skewMs: null,
};

async function announce(brokerUrl: string, ...announcements: Announcement[]): Promise<void> {
  const store = await openState(storeOptions(resolveSettings({ brokerUrl }), systemClock));
  for (const each of announcements) await store.instances.announce(each);
  await store.close();
}

test('beat instances: lists the running instances, the leader first', async () => {
  const url = 'memory://instances';
  const leader = { ...FOLLOWER, id: 'two', host: 'beta', role: 'leader', term: 5, skewMs: -3 } as const;
  await announce(url, FOLLOWER, leader);
  const { code, stdout } = await runCommand('instances', '-b', url);
  expect(code).toBe(0);
  const lines = splitLines(stdout).map((line) => line.replace(/ +/g, ' '));
  expect(lines).toEqual([
    'HOST PID ROLE TERM SKEW VERSION STARTED',
    expect.stringMatching(/^beta 7 leader 5 -3 ms 1\.2\.3 2027-03-01 /),
    expect.stringMatching(/^alpha 7 follower 1\.2\.3 2027-03-01 /),
  ]);
  const rows = parseJsonLines((await runCommand('instances', '--json', '-b', url)).stdout);
  expect(rows).toMatchObject([
    { host: 'beta', role: 'leader', startedAt: '2027-03-01T12:00:00.000Z' },
    { host: 'alpha', role: 'follower' },
  ]);
});

test('beat instances: exits with 1 when no instance leads', async () => {
  const url = 'memory://no-leader';
  await announce(url, FOLLOWER);
  const result = await runCommand('instances', '-b', url);
  expect(result).toMatchObject({ code: 1, stderr: 'beat: no instance leads\n' });
  expect(result.stdout).toContain('alpha');
});

test('beat instances: shows an announcement that cannot be read after the others', async () => {
  const url = 'memory://unreadable-instance';
  await announce(url, FOLLOWER, { ...FOLLOWER, id: 'two', pid: 'seven' as unknown as number });
  const { code, stdout } = await runCommand('instances', '-b', url);
  expect(code).toBe(1);
  expect(splitLines(stdout).slice(1)).toEqual([
    expect.stringMatching(/^alpha /),
    expect.stringMatching(
      /^unreadable of 2027-03-01T12:00:00\.000Z: two, not the announcement of an instance: ".*; expires by itself within 15 seconds$/,
    ),
  ]);
  const rows = parseJsonLines((await runCommand('instances', '--json', '-b', url)).stdout);
  expect(rows).toMatchObject([{ id: 'one' }, { id: 'two', kind: 'unreadable' }]);
});
