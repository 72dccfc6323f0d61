import { describe, expect, test } from 'vitest';
import type { Account, AccountedOccurrence } from '../../../src/read-models/history/account.ts';
import type { HistoryItem, RunHistory } from '../../../src/read-models/history/join-runs.ts';
import type { EntryStatus } from '../../../src/read-models/status/shapes.ts';
import { entryPage } from '../../../src/http/pages/entry-page.ts';
import { makeFrame, render, textOf } from '../../support/render.ts';

const MINUTE = 60_000;
const NOON = Date.parse('2027-03-01T12:00:00Z');
const at = (minutes: number) => NOON + minutes * MINUTE;
const iso = (minutes: number) => new Date(at(minutes)).toISOString();

const row: EntryStatus = {
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
};

const makeRun = (minutes: number, parts: Partial<RunHistory> = {}): RunHistory => ({
  kind: 'run',
  dueAt: at(minutes),
  sentAt: at(minutes) + 20,
  cause: 'schedule',
  taskId: `0123456789-${minutes}`,
  task: 'shop.backup',
  queue: 'celery',
  term: 1,
  leader: 'gen1@a',
  number: 1,
  outcome: null,
  withdrawn: null,
  ...parts,
});

const makeOutcome = (parts: Partial<NonNullable<RunHistory['outcome']>> = {}) => ({
  kind: 'outcome' as const,
  taskId: 'id',
  dueAt: NOON,
  state: 'SUCCESS',
  doneAt: NOON,
  runtimeMs: null,
  worker: null,
  error: null,
  ...parts,
});

type Given = Parameters<typeof entryPage>[0];

function show(parts: Partial<Given> = {}, errors: Parameters<typeof entryPage>[1] = []): Promise<string> {
  const frame = makeFrame({ now: NOON });
  const nothing = { occurrences: [], runs: [], definition: null, answer: null };
  const next = { instants: [], isPartial: false };
  return render(entryPage({ frame, row, zone: 'UTC', next, ...nothing, ...parts }, errors));
}

/** A section of the page. */
function section(page: string, id: string): string {
  return new RegExp(`<section class="panel" id="${id}".*?</section>`).exec(page)![0];
}

describe('the page of an entry', () => {
  test('has its facts', async () => {
    expect(textOf(section(await show(), 'state'))).toBe(
      'It runs on schedule. Task shop.backup Schedule every hour Source configuration ' +
        'Last run never Next run in 1 h 13:00:00 Runs 0',
    );
  });

  test('has further facts of an entry that has them', async () => {
    const lastOutcome = { ...makeOutcome({ state: 'FAILURE', error: 'OSError' }), taskId: 'a', dueAt: iso(-60) };
    const stored: EntryStatus = {
      ...row,
      source: 'store',
      timezone: 'Europe/Oslo',
      description: 'Nightly',
      runCount: 1_234,
      lastSentAt: iso(-5),
      lastTaskId: 'a',
      nextDueAt: null,
      lastOutcome: { ...lastOutcome, doneAt: iso(0) },
    };
    const given = { row: stored, definition: '{"task": "shop.backup"}' };
    const facts = textOf(section(await show(given), 'state'));
    expect(facts).toBe(
      'Its schedule has no further occurrence. Task shop.backup Schedule every hour (Europe/Oslo) ' +
        'Description Nightly Source stored at run time Last run 5 min ago 11:55:00 Last outcome ✕ failed OSError ' +
        'Next run none Runs 1,234 Definition {&quot;task&quot;: &quot;shop.backup&quot;}',
    );
    const other = { ...given, row: { ...stored, lastTaskId: 'b' } };
    expect(textOf(section(await show(other), 'state'))).toContain('✕ failed the run of 11:00:00 OSError');
  });

  test('has only the error of an entry that cannot be read, and explains none of its instants', async () => {
    const page = await show({ row: { entry: 'backup', source: 'store', error: 'not a state' } });
    expect(textOf(section(page, 'state'))).toBe('It does not run: not a state.');
    expect(page).not.toContain('Explain any instant');
  });

  test('shows the answer to a command, and whether the leader rejected it', async () => {
    const answer = {
      ...{ id: '1', do: 'pause', entry: 'backup', by: 'ann', reason: null, at: null, answeredAt: iso(0), term: 1 },
      answer: 'paused backup',
    };
    const message = async (status: 'applied' | 'rejected') =>
      /<p class="message ?(\w*)" role="status">(.*?)<\/p>/.exec(await show({ answer: { ...answer, status } }))!;
    const [, quiet, applied] = await message('applied');
    expect([quiet, applied!.trim()]).toEqual(['', 'paused backup']);
    const [, loud, rejected] = await message('rejected');
    expect([loud, rejected!.trim()]).toEqual(['error', 'Rejected: paused backup']);
    expect(await show()).not.toContain('class="message');
  });

  test('shows the problems of a form', async () => {
    const page = await show({}, [{ path: ['until'], message: 'expected an instant' }]);
    expect(textOf(/role="alert">.*?<\/div>/.exec(page)![0])).toContain(
      'Nothing was changed: until: expected an instant',
    );
  });

  test('lists the next runs with the time until each', async () => {
    const next = { instants: [at(60), at(120)], isPartial: false };
    const runs = section(await show({ next }), 'next');
    expect(textOf(runs)).toBe(
      'Next 2 runs 2027-03-01 13:00:00 in 1 h 2027-03-01 14:00:00 in 2 h UTC. Explain any instant',
    );
    expect(runs).toContain(`href="/entries/backup/why?at=${encodeURIComponent(iso(60))}"`);
    expect(runs).toContain(`<time datetime="${iso(60)}">`);
  });

  test('says that no run is due, or that more would take too long to search', async () => {
    const none = section(await show(), 'next');
    expect(textOf(none)).toBe('Next runs None is due. UTC. Explain any instant');
    expect(none).toContain('href="/entries/backup/why"');
    const partial = section(await show({ next: { instants: [at(60)], isPartial: true } }), 'next');
    expect(textOf(partial)).toContain('More would take too long to search.');
  });

  test('has forms for users who may send commands', async () => {
    expect(await show()).not.toContain('<form');
    const page = await show({ frame: makeFrame({ mayChange: true }) });
    const forms = (text: string) => [...text.matchAll(/data-command="(\w+)"/g)].map(([, name]) => name);
    expect(forms(page)).toEqual(['run', 'pause', 'skip', 'backfill']);
    const paused = { since: iso(0), until: null, reason: null, by: 'ann' };
    const stored = await show({
      ...{ frame: makeFrame({ mayChange: true }), row: { ...row, paused }, definition: '{}' },
    });
    expect(forms(stored)).toEqual(['run', 'resume', 'skip', 'backfill', 'update', 'remove']);
    for (const [, form, name] of stored.matchAll(/(<form[^>]*data-command="(\w+)".*?<\/form>)/g)) {
      expect(form).toContain('method="post" action="/entries/backup"');
      expect(form).toContain(`<input type="hidden" name="do" value="${name}"`);
    }
  });

  test('requires both ends of a backfill, and no end of a pause', async () => {
    const page = await show({ frame: makeFrame({ mayChange: true }) });
    const isRequired = (name: string) => new RegExp(`name="${name}" type="datetime-local" (required)?`).exec(page)?.[1];
    expect(['from', 'to', 'until'].map(isRequired)).toEqual(['required', 'required', undefined]);
  });
});

describe('the runs on the page of an entry', () => {
  const runs = async (items: readonly HistoryItem[], zone = 'UTC') =>
    section(await show({ runs: [...items], zone }), 'runs');
  const lines = (page: string) =>
    [...page.replace(/<thead>.*?<\/thead>/, '').matchAll(/<tr>(.*?)<\/tr>/g)].map(([, line]) => textOf(line!));

  test('are absent without a history, and before the first run', async () => {
    expect(textOf(section(await show({ runs: null }), 'runs'))).toBe('Runs No history is recorded.');
    expect(textOf(await runs([]))).toBe('Runs There are no runs yet.');
  });

  test('are listed with their outcome, lateness, runtime, cause and the begin of their id', async () => {
    const page = await runs([
      makeRun(-1, { outcome: makeOutcome({ state: 'FAILURE', runtimeMs: 1_234, error: 'OSError: disk' }) }),
      makeRun(-2, { cause: 'catch-up', sentAt: at(-1) }),
      makeRun(-3, { sentAt: at(-4), outcome: makeOutcome() }),
    ]);
    expect(textOf(/<thead>.*?<\/thead>/.exec(page)![0])).toBe('Due (UTC) Outcome Late Runtime Cause Task id');
    expect(lines(page)).toEqual([
      '2027-03-01 11:59:00 ✕ failed OSError: disk 20 ms 1.2 s schedule 01234567',
      '2027-03-01 11:58:00 • published 1 min catch-up 01234567',
      '2027-03-01 11:57:00 ✓ succeeded 0 ms schedule 01234567',
    ]);
  });

  test('link to the explanation of their instant, unless a command asked for them', async () => {
    const page = await runs([makeRun(-1), makeRun(-2, { cause: 'manual', command: 'id' })]);
    expect(page).toContain(`href="/entries/backup/why?at=${encodeURIComponent(iso(-1))}"`);
    expect(page).not.toContain(encodeURIComponent(iso(-2)));
  });

  test('have the reason and the length of a skipped stretch', async () => {
    const skip = { kind: 'skip', first: at(-5), last: at(-3), count: 3, reason: 'missed', at: NOON, term: 1 } as const;
    const page = await runs([skip, { ...skip, count: null }, { ...skip, last: at(-5), count: 1 }]);
    const reason = "missed, and the entry skips missed runs (missed: 'skip')".replaceAll("'", '&#39;');
    expect(lines(page)).toEqual([
      `2027-03-01 11:55:00 – skipped (3, up to 2027-03-01 11:57:00): ${reason}`,
      `2027-03-01 11:55:00 – skipped (very many, up to 2027-03-01 11:57:00): ${reason}`,
      `2027-03-01 11:55:00 – skipped: ${reason}`,
    ]);
  });

  test('that cannot be read have the command that removes them', async () => {
    const unreadable = {
      ...({ kind: 'unreadable', id: '7-1', at: iso(-1), reason: 'not a row' } as const),
      repair: 'beat forget --history backup',
    };
    const page = await runs([unreadable]);
    expect(lines(page)).toEqual(['2027-03-01 11:59:00 unreadable not a row beat forget --history backup']);
    expect(page).not.toContain('<svg');
    expect(page).toContain('<td colspan="5">');
    expect(lines(await runs([{ ...unreadable, at: null }]))[0]).toMatch(/^unknown unreadable/);
  });

  test('are listed up to the twentieth, and drawn up to the sixtieth, oldest first', async () => {
    const page = await runs(Array.from({ length: 70 }, (_, i) => makeRun(-i)));
    expect(lines(page)).toHaveLength(20);
    expect(lines(page)[0]).toContain('12:00:00');
    const bars = [...page.matchAll(/<title>([^<]*)<\/title>/g)].map(([, title]) => title);
    expect(bars).toHaveLength(60);
    expect([bars[0], bars.at(-1)]).toEqual(['2027-03-01 11:01:00: published', '2027-03-01 12:00:00: published']);
    expect(textOf(/<div class="axis".*?<\/div>/.exec(page)![0])).toBe('11:01:00 12:00:00');
  });

  test('shorten a long error', async () => {
    const error = 'e'.repeat(2_000);
    const page = await runs([makeRun(-1, { outcome: makeOutcome({ state: 'FAILURE', error }) })]);
    const [, title, text] = /<span class="muted clip" title="(e*)" ?>(e*)</.exec(page)!;
    expect([title!.length, text!.length]).toEqual([1_000, 200]);
  });

  test('have a chart of their lateness, whose tallest bar is the latest run', async () => {
    const page = await runs([
      makeRun(-1, { sentAt: at(-1) + 500, outcome: makeOutcome({ state: 'FAILURE' }) }),
      makeRun(-2, { sentAt: at(-2) + 2_000 }),
      makeRun(-3, { sentAt: at(-3) - 5 }),
    ]);
    const [svg] = /<svg.*?<\/svg>/.exec(page)!;
    expect(svg).toContain('viewBox="0 0 480 120"');
    expect(svg).toContain('aria-label="Lateness of 3 runs: at most 2.0 s, at last 500 ms"');
    const bars = [...svg.matchAll(/<rect class="([^"]*)" x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"/g)];
    expect(bars.map(([, ...bar]) => bar.join(' '))).toEqual([
      'run 1 118 10 2',
      'run 13 4 10 116',
      'run failed 25 91 10 29',
    ]);
    expect(textOf(page)).toContain('Lateness up to 2.0 s');
    expect(page).not.toContain('<h2>Runtime');
  });

  test('have a chart of their runtime once one is known; others have an outline', async () => {
    const page = await runs([makeRun(-1), makeRun(-2, { outcome: makeOutcome({ runtimeMs: 1_200 }) })]);
    const svg = [...page.matchAll(/<svg.*?<\/svg>/g)][1]![0];
    expect(svg).toContain('aria-label="Runtime of 2 runs: at most 1.2 s, at last 1.2 s"');
    expect(svg).toMatch(/<rect class="run" .*<rect class="gap" x="13" y="118" width="10" height="2"/);
    expect(textOf(page)).toContain('Runtime up to 1.2 s');
  });

  test('begin their charts with the first skipped occurrence of a stretch', async () => {
    const skip = { kind: 'skip', first: at(-5), last: at(-3), count: 3, reason: 'missed', at: NOON, term: 1 } as const;
    const page = await runs([makeRun(-1), skip]);
    expect(textOf(/<div class="axis".*?<\/div>/.exec(page)![0])).toBe('11:55:00 11:59:00');
    expect(page).toContain('Lateness of 1 runs');
    const skipped = await runs([skip]);
    expect(skipped).toContain('aria-label="Lateness: not known for these runs"');
    expect(textOf(skipped)).not.toContain('up to 1 ms');
  });
});

describe('the strip of occurrences', () => {
  const run = makeRun(-1);
  const skip = { kind: 'skip', first: at(-1), last: at(-1), count: 1, reason: 'paused', at: NOON, term: 1 } as const;
  const strip = async (...accounts: readonly Account[]) => {
    const occurrences = accounts.map((account): AccountedOccurrence => ({ dueAt: at(-1), account }));
    return section(await show({ occurrences }), 'runs');
  };

  test.each<[kind: string, sign: string, words: string, Account]>([
    ['published', '•', 'published', { kind: 'published', run }],
    ['failed', '✕', 'failed', { kind: 'published', run: { ...run, outcome: makeOutcome({ state: 'FAILURE' }) } }],
    ['twice', '2', 'published 3 times', { kind: 'published-twice', runs: [run, run, run] }],
    ['skipped', '–', 'skipped: the entry was paused', { kind: 'skipped', reason: 'paused', skip }],
    ['waiting', '…', 'not yet due', { kind: 'not-yet-due' }],
    ['waiting', '…', 'due, and not yet dealt with', { kind: 'waiting' }],
    ['unknown', '?', 'unknown: the history begins later', { kind: 'before-history' }],
    ['unaccounted', '!', 'not accounted for', { kind: 'unaccounted' }],
  ])('has the class %s and the sign %s for: %s', async (kind, sign, words, account) => {
    const page = await strip(account);
    const text = `2027-03-01 11:59:00: ${words}`;
    expect(page).toContain(`<li class="${kind}">`);
    expect(page).toContain(`href="/entries/backup/why?at=${encodeURIComponent(iso(-1))}" title="${text}"`);
    expect(page).toContain(`<span aria-hidden="true">${sign}</span><span class="visually-hidden">${text}</span>`);
  });

  test('explains the signs that are rare only where it has them', async () => {
    const legend = async (...accounts: readonly Account[]) =>
      textOf(/<p class="small muted legend">.*?<\/p>/.exec(await strip(...accounts))![0]);
    const always = '✓ succeeded, ✕ failed, • published without a known result, – skipped';
    expect(await legend({ kind: 'published', run })).toBe(`${always}.`);
    expect(await legend({ kind: 'waiting' }, { kind: 'unaccounted' })).toBe(
      `${always}, … due and not yet dealt with, ! not accounted for.`,
    );
    expect(await legend({ kind: 'before-history' }, { kind: 'published-twice', runs: [run] })).toBe(
      `${always}, ? before the history, 2 published twice.`,
    );
  });

  test('counts its occurrences, and is absent without one', async () => {
    expect(textOf(await strip({ kind: 'waiting' }, { kind: 'waiting' }))).toContain('Last 2 occurrences, oldest first');
    expect(section(await show({ runs: [run] }), 'runs')).not.toContain('oldest first');
  });
});
