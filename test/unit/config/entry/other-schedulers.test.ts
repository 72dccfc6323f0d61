import { describe, expect, test } from 'vitest';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { formatDiagnostic } from '../../../../src/util/diagnostic.ts';
import { entryOf, entryProblems } from '../support.ts';

function warningsOf(entry: object): string[] {
  const { warnings } = resolveSettings({ beatSchedule: { e: { task: 't', schedule: 60, ...entry } } });
  return warnings.map((warning) => formatDiagnostic(warning).replace('beatSchedule.e.', ''));
}

describe('an entry that runs under another scheduler', () => {
  test('has the description of django-celery-beat', () => {
    expect(entryOf({ description: 'Sends reports.' }).description).toBe('Sends reports.');
    expect(entryOf({})).not.toHaveProperty('description');
    expect(entryProblems({ description: 5 })).toEqual(['description: expected text, got 5']);
  });

  test('is read without the keys of schedule state, with a warning for each', () => {
    const more = { name: 'x', totalRunCount: 3, date_changed: null };
    expect(warningsOf(more)).toEqual([
      'name: ignored: the key of an entry is its name',
      'totalRunCount: ignored: the ledger stores it',
    ]);
  });

  test('has the last run there, in the zone of the entry unless it has an offset', () => {
    const at = (last_run_at: unknown) => entryOf({ timezone: 'Asia/Tokyo', last_run_at }).lastRunAt;
    expect(at('2026-01-01T09:00:00+01:00')).toBe(Date.UTC(2026, 0, 1, 8));
    expect(at('2026-01-01 09:00:00.25')).toBe(Date.UTC(2026, 0, 1, 0, 0, 0, 250));
    expect(at(new Date(7))).toBe(7);
    expect(entryOf({ lastRunAt: null })).not.toHaveProperty('lastRunAt');
    expect(entryProblems({ lastRunAt: 'yesterday' })).toEqual([
      'lastRunAt: expected an instant such as 2030-01-31T08:00:00Z, got "yesterday"',
    ]);
  });

  test('is read without keys of django-celery-beat that have no effect', () => {
    expect(warningsOf({ one_off: false, start_time: null, expire_seconds: null })).toEqual([]);
  });

  test('is rejected if its keys would change its times', () => {
    expect(entryProblems({ one_off: true, start_time: '2026-01-01' })).toEqual([
      'one_off: not supported: write schedule: {at: …}, which is due once',
      expect.stringContaining('start_time: not supported: write from:'),
    ]);
  });
});
