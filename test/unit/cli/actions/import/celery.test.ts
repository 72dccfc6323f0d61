import { expect, test } from 'vitest';
import { ConfigFolder } from '../../../../support/config-folder.ts';
import { runCommand } from '../../../../support/command.ts';

const folder = new ConfigFolder();
const HOURLY = { task: 't', schedule: { crontab: { minute: 0 } } };

/** Writes an export whose entry is due at these instants by Celery, and imports it. */
function importExport(upcoming: readonly string[] | undefined, ...flags: readonly string[]) {
  const path = folder.write(
    'export.json',
    JSON.stringify({
      celery: '5.7.0',
      scheduler: 'celery.beat.PersistentScheduler',
      problems: [],
      settings: { result_expires: null },
      entries: [{ name: 'hourly', installed: false, entry: HOURLY, messages: [], upcoming }],
    }),
  );
  return runCommand('import', 'celery', '--exported', path, ...flags);
}

/** The next instants of an hourly entry, moved by a number of minutes. */
function nextHours(minutes: number): readonly string[] {
  const hour = Math.floor(Date.now() / 3_600_000);
  return [2, 3].map((n) => new Date((hour + n) * 3_600_000 + minutes * 60_000).toISOString());
}

test('beat import celery: exits with 1 for an instant that differs from that of Celery, also without --compare', async () => {
  const { code, stderr } = await importExport(nextHours(15));
  expect(stderr).toMatch(/^entry hourly: different: due at .+:15:00 .+ by its source, at .+:00:00 .+ by beat\n$/);
  expect(code).toBe(1);
  expect(await importExport(nextHours(15), '--partial')).toMatchObject({ code: 0, stderr });
});

test('beat import celery: compares only the instants of an export that have not passed', async () => {
  const { code, stderr } = await importExport(['2026-01-01T00:15:00Z']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test('beat import celery: the last line names the entries of an export without instants', async () => {
  const { code, stderr } = await importExport(undefined);
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: 'not compared: the instants of hourly: the export has none of them\n',
  });
});
