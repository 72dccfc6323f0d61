import { describe, expect, test } from 'vitest';
import {
  describeOutcome,
  describeRun,
  explainState,
  formatInstant,
  formatNear,
  relative,
  showOutcome,
  stateBadge,
  zoneOf,
} from '../../../src/http/pages/format.ts';
import type { RunHistory } from '../../../src/read-models/history/join-runs.ts';
import type { EntryStatus } from '../../../src/read-models/status/shapes.ts';
import { render, textOf } from '../../support/render.ts';

const NOON = Date.parse('2027-03-01T12:00:00Z');
const BROKEN = { entry: 'backup', source: 'store', error: 'not a state' } as const;

const makeRow = (parts: Partial<EntryStatus> = {}): EntryStatus => ({
  entry: 'backup',
  source: 'configuration',
  task: 'shop.backup',
  schedule: 'every day',
  timezone: null,
  enabled: true,
  paused: null,
  skipping: [],
  lastDueAt: null,
  lastSentAt: null,
  lastTaskId: null,
  lastSkipped: null,
  runCount: 0,
  nextDueAt: '2027-03-02T03:00:00.000Z',
  ...parts,
});

const run: RunHistory = {
  kind: 'run',
  dueAt: NOON,
  sentAt: NOON,
  cause: 'schedule',
  taskId: 'id',
  task: 't',
  queue: 'celery',
  term: 1,
  leader: 'gen1@a',
  number: 1,
  outcome: null,
  withdrawn: null,
};
const outcome = {
  ...({ kind: 'outcome', taskId: 'id', dueAt: NOON, doneAt: NOON } as const),
  ...{ runtimeMs: null, worker: null, error: null },
};
const skip = { kind: 'skip', first: NOON, last: NOON, count: 1, reason: 'expired', at: NOON, term: 1 } as const;

describe('instants on pages', () => {
  test('are shown in the zone of the entry, else in the zone of the configuration', () => {
    expect(zoneOf(makeRow({ timezone: 'Europe/Oslo' }), 'Asia/Kathmandu')).toBe('Europe/Oslo');
    expect(zoneOf(makeRow(), 'Asia/Kathmandu')).toBe('Asia/Kathmandu');
    expect(zoneOf(BROKEN, 'Asia/Kathmandu')).toBe('Asia/Kathmandu');
  });

  test('have two digits for each part', () => {
    expect(formatInstant(Date.parse('2027-01-02T03:04:05Z'), 'UTC')).toBe('2027-01-02 03:04:05');
    expect(formatInstant(NOON, 'Asia/Kathmandu')).toBe('2027-03-01 17:45:00');
    expect(formatInstant(NOON, 'UTC')).toBe('2027-03-01 12:00:00');
  });

  test.each([
    ['2027-03-01T07:00:00Z', '07:00:00'],
    ['2026-11-22T07:00:30Z', '22 Nov, 07:00'],
    ['2027-03-02T00:00:00Z', '2 Mar, 00:00'],
    ['2027-01-31T23:59:59Z', '31 Jan, 23:59'],
  ])('%s is shown as %s, without the day if it is today', (iso, shown) => {
    expect(formatNear(Date.parse(iso), NOON, 'UTC')).toBe(shown);
  });

  test('belong to the day of the zone that the page shows', () => {
    // In Kathmandu the next day has begun.
    expect(formatNear(Date.parse('2027-03-01T18:15:00Z'), NOON, 'Asia/Kathmandu')).toBe('2 Mar, 00:00');
  });

  test.each([
    [0, 'now'],
    [-999, 'now'],
    [999, 'now'],
    [1_000, 'in 1 s'],
    [-1_000, '1 s ago'],
    [11_520_000, 'in 3 h 12 min'],
    [-4_000, '4 s ago'],
  ])('at a distance of %i ms are "%s"', async (ms, words) => {
    const iso = new Date(NOON + ms).toISOString();
    const page = await render(relative(iso, NOON, 'UTC'));
    expect(page).toContain(`<time datetime="${iso}" data-relative>${words}</time`);
    expect(page).toContain(`title="${formatInstant(NOON + ms, 'UTC')}"`);
  });
});

describe('the mark of a run', () => {
  test.each([
    ['SUCCESS', 'succeeded', '✓', 'succeeded'],
    ['FAILURE', 'failed', '✕', 'failed'],
    ['REVOKED', 'failed', '✕', 'revoked'],
  ])('that ended with %s is "%s"', (state, kind, sign, words) => {
    expect(describeOutcome(state)).toEqual({ kind, sign, words });
    expect(describeRun({ ...run, outcome: { ...outcome, state } })).toEqual({ kind, sign, words });
  });

  test('without a known outcome is that it was published', () => {
    expect(describeRun(run)).toEqual({ kind: 'published', sign: '•', words: 'published' });
  });

  test('that was withdrawn or skipped has the reason', () => {
    expect(describeRun({ ...run, withdrawn: skip })).toEqual({
      kind: 'skipped',
      sign: '–',
      words: 'skipped (expired)',
    });
    expect(describeRun({ ...skip, reason: 'deadline' })).toMatchObject({ words: 'skipped (deadline)' });
  });
});

describe('an outcome', () => {
  test('has its runtime, its worker and further details, then the error', async () => {
    const given = { state: 'FAILURE', runtimeMs: 1_234, worker: 'celery@w', error: 'OSError: <disk>' };
    const page = await render(showOutcome(given, ['at noon']));
    expect(page).toContain('<span class="outcome failed">✕ failed</span');
    expect(textOf(page)).toBe('✕ failed in 1.2 s, on celery@w, at noon OSError: &lt;disk&gt;');
  });

  test('has no details that are not known', async () => {
    const given = { state: 'SUCCESS', runtimeMs: null, worker: null, error: null };
    const page = await render(showOutcome(given, []));
    expect(textOf(page)).toBe('✓ succeeded');
    expect(page).not.toContain('class="reason"');
  });

  test('shows a thousand characters of a longer error', async () => {
    const given = { state: 'FAILURE', runtimeMs: 0, worker: null, error: 'e'.repeat(1_001) };
    expect(textOf(await render(showOutcome(given, [])))).toBe(`✕ failed in 0 ms ${'e'.repeat(1_000)}`);
  });
});

describe('the state of an entry', () => {
  const paused = { since: '2027-03-01T11:00:00.000Z', until: null, reason: null, by: '' };

  test.each([
    ['bad', 'blocked', BROKEN],
    ['quiet', 'disabled', makeRow({ enabled: false, paused, nextDueAt: null })],
    ['warn', 'paused', makeRow({ paused, nextDueAt: null })],
    ['quiet', 'ended', makeRow({ nextDueAt: null })],
    ['good', 'active', makeRow()],
  ])('has the badge "%s": %s', async (kind, word, row) => {
    expect(await render(stateBadge(row))).toBe(`<span class="badge ${kind}">${word}</span>`);
  });

  test.each([
    ['It does not run: not a state.', BROKEN],
    ['The configuration disables it (enabled: false).', makeRow({ enabled: false, paused, nextDueAt: null })],
    ['Its schedule has no further occurrence.', makeRow({ nextDueAt: null })],
    ['It runs on schedule.', makeRow()],
  ])('is explained: %s', (sentence, row) => {
    expect(explainState(row, 'UTC')).toEqual([sentence]);
  });

  test('is explained by who paused it, when, why and until when', () => {
    const explain = (more: Partial<NonNullable<EntryStatus['paused']>>) =>
      explainState(makeRow({ paused: { ...paused, ...more }, nextDueAt: null }), 'Europe/Oslo');
    expect(explain({})).toEqual([
      'It was paused on 2027-03-01 12:00:00 Europe/Oslo, without a reason. Its occurrences are skipped until it is resumed, and not caught up.',
    ]);
    expect(explain({ by: 'ann', reason: 'migration', until: '2027-03-01T13:00:00.000Z' })).toEqual([
      'ann paused it on 2027-03-01 12:00:00 Europe/Oslo, with the reason “migration”. Its occurrences are skipped until 2027-03-01 14:00:00 Europe/Oslo, and not caught up.',
    ]);
  });

  test('is explained by what was skipped last and what will be skipped', () => {
    const row = makeRow({
      skipping: ['2027-03-02T03:00:00.000Z', '2027-03-03T03:00:00.000Z'],
      lastSkipped: { dueAt: '2027-03-01T03:00:00.000Z', reason: 'deadline' },
    });
    expect(explainState(row, 'UTC')).toEqual([
      'It runs on schedule.',
      'Occurrences to come that are skipped: 2027-03-02 03:00:00 UTC, 2027-03-03 03:00:00 UTC.',
      'The occurrence of 2027-03-01 03:00:00 UTC was skipped: past the starting deadline (startingDeadline).',
    ]);
  });
});
