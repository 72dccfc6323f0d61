import { describe, expect, test } from 'vitest';
import { entriesPage } from '../../../src/http/pages/entries-page.ts';
import type { PastDay } from '../../../src/http/day-counts.ts';
import type { EntryStatus, StatusPage, StatusRow } from '../../../src/read-models/status/shapes.ts';
import type { StatusQuery } from '../../../src/read-models/status/status-page.ts';
import type { UpcomingDay } from '../../../src/read-models/status/upcoming-day.ts';
import { makeFrame, render, textOf } from '../../support/render.ts';

const MINUTE = 60_000;
const NOON = Date.parse('2027-03-01T12:00:00Z');
const iso = (minutes: number) => new Date(NOON + minutes * MINUTE).toISOString();

const makeRow = (parts: Partial<EntryStatus> = {}): EntryStatus => ({
  entry: 'backup',
  source: 'configuration',
  task: 'shop.backup',
  schedule: 'every hour',
  timezone: null,
  enabled: true,
  paused: null,
  skipping: [],
  lastDueAt: null,
  lastSentAt: null,
  lastTaskId: null,
  lastSkipped: null,
  runCount: 0,
  nextDueAt: iso(60),
  ...parts,
});

interface Given {
  readonly query?: Partial<StatusQuery>;
  readonly page?: Partial<StatusPage>;
  readonly past?: PastDay | null;
  readonly upcoming?: UpcomingDay | null;
  readonly frame?: Parameters<typeof makeFrame>[0];
}

function show({ query, page, past = null, upcoming = null, frame }: Given = {}): Promise<string> {
  return render(
    entriesPage(
      makeFrame({ now: NOON, ...frame }),
      { search: '', after: null, limit: 50, ...query },
      { entries: [], next: null, searched: null, declared: 0, ...page },
      { past, upcoming },
    ),
  );
}

/** The cells of the only entry, by their headings. */
async function cells(row: StatusRow, frame?: Given['frame']): Promise<Readonly<Record<string, string>>> {
  const page = await show({ page: { entries: [row] }, ...(frame && { frame }) });
  const [, body = ''] = /<tr data-entry="[^"]*">(.*?)<\/tr>/.exec(page) ?? [];
  const found = body.matchAll(/<td data-label="([^"]*)"[^>]*>(.*?)<\/td>/g);
  return Object.fromEntries([...found].map(([, label = '', cell = '']) => [label, textOf(cell)] as const));
}

describe('the list of entries', () => {
  test('has the task, the schedule, the state and the times of an entry', async () => {
    expect(await cells(makeRow({ lastSentAt: iso(-5) }))).toEqual({
      Entry: 'backup shop.backup',
      Schedule: 'every hour',
      State: 'active',
      'Last run': '5 min ago 11:55:00',
      'Last outcome': '',
      'Next run': 'in 1 h 13:00:00',
    });
    const page = await show({ page: { entries: [makeRow()] } });
    expect(textOf(/<thead>.*<\/thead>/.exec(page)![0])).toBe('Entry Schedule State Last run Last outcome Next run');
    expect(page).toContain('<table class="stack entries">');
  });

  test('says where an entry comes from, what it is for and in which zone it runs', async () => {
    const row = makeRow({ source: 'store', description: 'Nightly', timezone: 'Europe/Oslo', nextDueAt: null });
    expect(await cells(row)).toMatchObject({
      Entry: 'backup shop.backup · stored · Nightly',
      Schedule: 'every hour Europe/Oslo',
      'Last run': 'never',
      'Next run': 'none',
    });
  });

  test('shows the instants of an entry in its zone, else in the zone of the configuration', async () => {
    const row = makeRow({ lastSentAt: iso(-5) });
    const zone = 'Asia/Kathmandu';
    expect(await cells(row, { zone })).toMatchObject({ 'Last run': '5 min ago 17:40:00' });
    expect(await cells({ ...row, timezone: 'UTC' }, { zone })).toMatchObject({ 'Last run': '5 min ago 11:55:00' });
  });

  test('shows why an entry is paused, and which runs are to be skipped', async () => {
    const paused = { since: iso(0), until: null, reason: 'migration', by: 'ann' };
    expect(await cells(makeRow({ paused }))).toMatchObject({ State: 'paused migration' });
    expect(await cells(makeRow({ paused: { ...paused, reason: null } }))).toMatchObject({ State: 'paused' });
    expect(await cells(makeRow({ skipping: [iso(60)] }))).toMatchObject({ State: 'active skips the run of 13:00:00' });
    expect(await cells(makeRow({ skipping: [iso(60), iso(120), iso(180)] }))).toMatchObject({
      State: 'active skips the run of 13:00:00 and 2 more',
    });
  });

  test('shows the last outcome, and which run it is of if a newer one has none', async () => {
    const lastOutcome = {
      ...{ taskId: 'a', dueAt: iso(-60), state: 'FAILURE', doneAt: iso(-59) },
      ...{ runtimeMs: 1_234, worker: 'w', error: 'OSError' },
    };
    expect(await cells(makeRow({ lastOutcome, lastTaskId: 'a' }))).toMatchObject({
      'Last outcome': '✕ failed in 1.2 s OSError',
    });
    expect(await cells(makeRow({ lastOutcome, lastTaskId: 'b' }))).toMatchObject({
      'Last outcome': '✕ failed in 1.2 s, the run of 11:00:00 OSError',
    });
    const succeeded = { ...lastOutcome, state: 'SUCCESS', runtimeMs: null, error: null };
    expect(await cells(makeRow({ lastOutcome: succeeded, lastTaskId: 'a' }))).toMatchObject({
      'Last outcome': '✓ succeeded',
    });
    const page = await show({ page: { entries: [makeRow({ lastOutcome: succeeded, lastTaskId: 'a' })] } });
    expect(page).not.toContain('class="muted clip"');
    expect(page).toContain('<span class="outcome succeeded">');
  });

  test('shows the error of an entry that cannot be read in place of its state', async () => {
    const row = { entry: 'backup', source: 'store', error: 'not a state' } as const;
    expect(await cells(row)).toEqual({ Entry: 'backup', Problem: 'blocked not a state' });
  });

  test('leads to the page of an entry', async () => {
    const page = await show({ page: { entries: [makeRow({ entry: 'a/b' })] } });
    expect(page).toContain('<a class="name" href="/entries/a%2Fb">a/b</a>');
  });

  test('offers to add an entry to users who may', async () => {
    expect(await show({ frame: { mayChange: true } })).toContain('href="/add"');
    expect(await show()).not.toContain('href="/add"');
  });

  test('counts the entries of the configuration', async () => {
    expect(textOf(await show({ page: { declared: 1_200 } }))).toContain('1,200 in the configuration');
  });

  test.each<[string, Given]>([
    ['There are no entries yet.', {}],
    ['No entry is found by “x”. Stored entries are found by their names alone. Show all', { query: { search: 'x' } }],
    ['There are no more entries. Show all', { query: { after: 'd50' } }],
    ['There are no more entries. Show all', { query: { search: 'x', after: 'd50' } }],
    ['Nothing was found in this part. Show all', { query: { search: 'x' }, page: { next: 'a1:1:z' } }],
  ])('without a row says why: %s', async (text, given) => {
    const page = await show(given);
    expect(textOf(/<p class="panel muted">.*?<\/p>/.exec(page)![0])).toBe(text);
  });
});

describe('the links between pages of entries', () => {
  const links = async (given: Given) => {
    const [nav = ''] = /<nav class="row".*?<\/nav>/.exec(await show(given)) ?? [];
    return [...nav.matchAll(/href="([^"]*)">([^<]*)</g)].map(([, href, text]) => `${text}: ${href}`);
  };

  test('are absent on the only page', async () => {
    expect(await show()).not.toContain('aria-label="Pages of entries"');
  });

  test('lead to the next page and back to the first', async () => {
    expect(await links({ page: { next: 'd50' } })).toEqual(['Next page: /?after=d50']);
    expect(await links({ query: { after: 'd50' } })).toEqual(['First page: /?']);
    expect(await links({ query: { after: 'd50' }, page: { next: 'd100' } })).toEqual([
      'First page: /?',
      'Next page: /?after=d100',
    ]);
  });

  test('keep the search, and continue one that has not looked at all entries', async () => {
    const given = { query: { search: 'mail', after: 'd50' }, page: { next: 'p', searched: 100_000 } };
    expect(await links(given)).toEqual(['First page: /?search=mail', 'Continue the search: /?search=mail&amp;after=p']);
    expect(textOf(await show(given))).toContain('100,000 stored entries searched');
    expect(textOf(await show({ page: { next: 'p' } }))).not.toContain('searched');
  });
});

describe('the chart of the last 24 hours', () => {
  const from = NOON - 1_439 * MINUTE;
  const counts = { published: 0, skipped: 0, succeeded: 0, failed: 0 };
  const chart = async (minutes: PastDay['minutes'], zone = 'UTC') => {
    const page = await show({ past: { from, minutes }, frame: { zone } });
    return /<figure class="chart">.*?<\/figure>/.exec(page)![0];
  };
  const path = (page: string, kind: string) => new RegExp(`<path class="${kind}" d="([^"]*)"`).exec(page)?.[1];

  test('has a bar for the runs of a minute, the skipped ones above it, and a mark of failures below', async () => {
    const page = await chart([
      { at: from, ...counts, published: 3, skipped: 1, failed: 1 },
      { at: from + 10 * MINUTE, ...counts, published: 1 },
      { at: from + 20 * MINUTE, ...counts, skipped: 2 },
    ]);
    expect(path(page, 'run')).toBe('M0 100V25h2.4V100zM10 100V75h2.4V100z');
    expect(path(page, 'gap')).toBe('M0 25V0h2.4V25zM20 100V50h2.4V100z');
    expect(path(page, 'run failed')).toBe('M-1 105h5V118h-5z');
    expect(page).toContain('viewBox="0 0 1440 118"');
    expect(textOf(page)).toContain('up to 4 a minute');
  });

  test('shows a single run among thousands as a bar that can be seen', async () => {
    const page = await chart([
      { at: from, ...counts, published: 5_000 },
      { at: from + MINUTE, ...counts, published: 1 },
    ]);
    expect(path(page, 'run')).toBe('M0 100V0h2.4V100zM1 100V96h2.4V100z');
  });

  test('counts the outcomes of runs whose publishing is older than the counts', async () => {
    const page = await chart([{ at: from, ...counts, published: 1, succeeded: 2, failed: 1 }]);
    expect(textOf(page)).toContain('up to 3 a minute');
    expect(page).toContain('aria-label="3 runs, 2 succeeded, 1 failed."');
  });

  test.each([
    ['Nothing was due.', {}],
    ['1 run.', { published: 1 }],
    ['1,000 runs.', { published: 1_000 }],
    ['2 runs, 1 skipped.', { published: 2, skipped: 1 }],
    ['2 runs, 0 succeeded, 2 failed.', { published: 2, failed: 2 }],
    ['2 runs, 1,500 skipped.', { published: 2, skipped: 1_500 }],
  ])('is described: %s', async (words, given) => {
    expect(await chart([{ at: from, ...counts, ...given }])).toContain(`aria-label="${words}"`);
  });

  test('has no table and no peak without an occurrence', async () => {
    const page = await chart([]);
    expect(page).not.toContain('By hour');
    expect(page).not.toContain('a minute');
    expect(page).toContain('aria-label="Nothing was due."');
  });

  test('has a table of the sums of each hour in the zone, newest first', async () => {
    const minutes = [
      { at: NOON - 61 * MINUTE, ...counts, published: 1 },
      { at: NOON - 2 * MINUTE, ...counts, published: 1_000, succeeded: 1 },
      { at: NOON - 1 * MINUTE, ...counts, published: 2, skipped: 3 },
    ];
    const page = await chart(minutes, 'Europe/Oslo');
    expect(textOf(/<table.*<\/table>/.exec(page)![0])).toBe(
      'Hour (Europe/Oslo) published skipped succeeded failed ' +
        '2027-03-01 12:00 1,002 3 1 – ' +
        '2027-03-01 11:00 1 – – –',
    );
    expect(page).toContain('<table class="dense">');
  });

  test('has the times of the day along its axis', async () => {
    const page = await chart([]);
    expect(textOf(/<div class="axis".*?<\/div>/.exec(page)![0])).toBe('12:01 18:01 00:01 06:01 12:01');
  });
});

describe('the chart of the next 24 hours', () => {
  const none = new Array<number>(1_440).fill(0);
  const day = (parts: Partial<UpcomingDay> = {}): UpcomingDay => ({
    from: NOON,
    counts: none,
    frequent: { entries: 0, runsPerMinute: 0 },
    entries: 2,
    ...parts,
  });
  const describeDay = async (parts: Partial<UpcomingDay>, declared = 2, zone = 'UTC') => {
    const page = await show({ upcoming: day(parts), page: { declared }, frame: { zone } });
    return /<figure class="chart">.*?<\/figure>/.exec(page)![0];
  };

  test('has a bar for each minute with runs, and names the busiest', async () => {
    const page = await describeDay({ counts: none.with(90, 1).with(180, 4).with(200, 4) });
    expect(page).toContain('<path class="due" d="M90 100V75h2.4V100zM180 100V0h2.4V100zM200 100V0h2.4V100z"');
    expect(page).toContain('aria-label="9 runs; at most 4 in a minute, first at 15:00."');
    expect(textOf(page)).toContain('up to 4 a minute');
    expect(textOf(page)).toContain('first at 15:00. Times in UTC.');
  });

  test.each<[string, Partial<UpcomingDay>]>([
    ['No run is due.', {}],
    ['1 run; at most 1 in a minute, first at 12:00.', { counts: none.with(0, 1) }],
    [
      'No run is due. Not shown: 1 entry that runs every minute or more often, 1 run a minute.',
      { frequent: { entries: 1, runsPerMinute: 1 } },
    ],
    [
      'No run is due. Not shown: 1,200 entries that run every minute or more often, 1,201 runs a minute.',
      { frequent: { entries: 1_200, runsPerMinute: 1_200.6 } },
    ],
  ])('is described: %s', async (words, parts) => {
    expect(await describeDay(parts)).toContain(`aria-label="${words}"`);
  });

  test('says if only the first entries are counted', async () => {
    const page = await describeDay({ counts: none.with(0, 1), entries: 10_000 }, 12_000, 'Europe/Oslo');
    expect(page).toContain('aria-label="1 run of the first 10,000 entries; at most 1 in a minute, first at 13:00."');
  });

  test('is announced while it is being counted', async () => {
    expect(textOf(await show())).toContain('The runs of the next 24 hours are being counted.');
    expect(textOf(await show({ upcoming: day() }))).not.toContain('being counted');
  });
});
