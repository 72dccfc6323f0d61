import { expect, test } from 'vitest';
import { checkCeleryFlags, collectFlagNotes } from '../../../../src/cli/flags/celery-flags.ts';

test.each([
  [{ app: 'proj' }, '--app proj', 'does not load Python apps'],
  [{ loader: 'proj.loader' }, '--loader proj.loader', 'does not load Python apps'],
  [{ schedule: '/var/db/beat' }, '--schedule /var/db/beat', 'the ledger'],
  [{ scheduler: 'celery.beat.PersistentScheduler' }, '--scheduler celery.beat.PersistentScheduler', 'always records'],
  [{ scheduler: 'celery.beat:Scheduler' }, '--scheduler celery.beat:Scheduler', 'one scheduler'],
  [{ maxInterval: '5' }, '--max-interval 5', 'wakes exactly when an entry is due'],
  [{ executable: '/usr/bin/python3' }, '--executable /usr/bin/python3', 'runs on Node'],
  [{ skipChecks: true }, '--skip-checks', 'does not run'],
])('flag notes: explain why a flag is ignored: %o', (flags, flag, why) => {
  checkCeleryFlags(flags);
  const [note, ...others] = collectFlagNotes(flags);
  expect(others).toEqual([]);
  expect(note).toMatchObject({ flag, isWarning: false });
  expect(note?.message).toContain(`${flag} is ignored: `);
  expect(note?.message).toContain(why);
});

test('flag notes: warn about a decimal umask that looks octal', () => {
  expect(collectFlagNotes({ umask: '22' })).toMatchObject([
    { isWarning: true, message: expect.stringMatching(/026; .* write 022$/) as string },
  ]);
  for (const umask of ['022', '18', '0', '8']) expect(collectFlagNotes({ umask })).toEqual([]);
});
