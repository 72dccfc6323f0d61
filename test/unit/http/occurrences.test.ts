import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { storeOptions } from '../../../src/config/service/store-options.ts';
import { ManualClock } from '../../../src/drivers/memory/clock.ts';
import { openStore } from '../../../src/leader/outbox/open-store.ts';
import type { HistoryRow, RunRow, SkipRow } from '../../../src/contracts/store/history.ts';
import { HttpApp, READ, TOKENS } from '../../support/http-app.ts';

const START = '2027-03-01T12:00:00Z';
const at = (minute: number) => Date.parse(START) + minute * 60_000;
const iso = (minute: number) => new Date(at(minute)).toISOString();

const run = (minute: number, number: number): RunRow => ({
  kind: 'run',
  dueAt: at(minute),
  sentAt: at(minute) + 12,
  cause: 'schedule',
  number,
  taskId: `id-${number}`,
  task: 'shop.backup',
  queue: 'celery',
  term: 1,
  leader: 'gen1@a',
});
const SKIPPED: SkipRow = { kind: 'skip', first: at(2), last: at(4), count: 3, reason: 'coalesced', at: at(5), term: 1 };
const FAILED: HistoryRow = {
  kind: 'outcome',
  taskId: 'id-2',
  dueAt: at(6),
  state: 'FAILURE',
  doneAt: at(6) + 2_000,
  runtimeMs: 1_234,
  worker: 'celery@w',
  error: 'OSError: <disk> is full',
};
/** Nothing is known of minute 5; minute 7 was published twice, and minute 8 is due. */
const ROWS = [run(1, 1), SKIPPED, run(6, 2), FAILED, run(7, 3), run(7, 4)];

let app: HttpApp;

beforeEach(async () => {
  const clock = new ManualClock(START);
  const schedule = { cron: '* * * * *' };
  const beatSchedule = {
    backup: { task: 'shop.backup', schedule, timezone: 'Europe/Oslo' },
    '..': { task: 'shop.dots', schedule },
  };
  app = await HttpApp.open({ http: TOKENS, beatSchedule }, { clock });
  const { settings } = app.beat;
  const { spec } = settings.entries.find(({ name }) => name === 'backup')!.schedule;
  const store = await openStore(storeOptions(settings, clock));
  const token = await store.ledger.beginTerm();
  const after = { version: 1, rev: 1, spec, anchor: at(0), dueAt: at(7), sentAt: at(7), taskId: 'id-4', runCount: 4 };
  const change = { entry: 'backup', before: null, after, messages: [], history: ROWS };
  await store.ledger.commit({ token, changes: [change] });
  await store.close();
  clock.set(new Date(at(8) + 1));
});
afterEach(() => app[Symbol.asyncDispose]());

async function read(path: string): Promise<{ readonly status: number; readonly body: string }> {
  const response = await app.request(path, { token: READ });
  return { status: response.status, body: await response.text() };
}

/** The text of a page without its tags. */
const textOf = (page: string) => page.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');

test('the page of an entry has one cell for each occurrence, which leads to its explanation', async () => {
  const { body } = await read('/entries/backup');
  const cells = body.matchAll(/<li class="(\w+)">\s*<a\s+href="([^"]*)"\s+title="[^"]*13:0(\d):00/g);
  expect([...cells].map(([, kind, href, minute]) => [minute, kind, href])).toEqual(
    [
      ...['1 published', '2 skipped', '3 skipped', '4 skipped', '5 unaccounted'],
      ...['6 failed', '7 twice', '8 waiting'],
    ].map((cell) => {
      const [minute = '', kind] = cell.split(' ');
      const instant = encodeURIComponent(iso(Number(minute)));
      return [minute, kind, `/entries/backup/why?at=${instant}`];
    }),
  );
  expect(body).toContain('! not accounted for');
});

describe('the page that explains an instant', () => {
  const why = (instant: string) => read(`/entries/backup/why?${new URLSearchParams({ at: instant }).toString()}`);

  test.each([
    [1, '• published', 'published in time by gen1@a in term 1'],
    [3, '– skipped:', 'skipped: '],
    [5, '! not accounted for', 'report this with the output of beat audit'],
    [7, '2 published 2 times', 'report this with the rows'],
    [8, '… due, and not yet dealt with', 'no instance leads, or a server is unreachable'],
    [9, '… not yet due', 'not yet due: it is 2027-03-01 13:08:00.001 +01:00 Europe/Oslo'],
  ])('says what became of minute %i: %s', async (minute, verdict, reason) => {
    const { status, body } = await why(iso(minute));
    expect(status).toBe(200);
    expect(textOf(body)).toContain(verdict);
    expect(textOf(body)).toContain(reason);
    expect(textOf(body)).toContain(
      `2027-03-01 13:0${minute}:00 +01:00 Europe/Oslo · ${iso(minute).replace('.000', '')}`,
    );
  });

  test('shows the run with its outcome, and escapes the error', async () => {
    const { body } = await why(iso(6));
    expect(body).toContain('OSError: &lt;disk&gt; is full');
    expect(textOf(body)).toContain('2027-03-01 13:06:00.012 +01:00 Europe/Oslo, 12 ms after it was due');
    expect(textOf(body)).toContain('shop.backup to celery Task id id-2');
    expect(textOf(body)).toContain('✕ failed in 1.2 s, on celery@w, at 2027-03-01 13:06:02 +01:00 Europe/Oslo');
  });

  test('compares each field of the rule with an instant at which nothing is due, and links to the nearest occurrences', async () => {
    const { body } = await why('2027-03-01T12:06:30Z');
    const text = textOf(body);
    expect(text).toContain('– not due');
    expect(text).toMatch(/second 0 30 ✕ does not match/);
    expect(text).toMatch(/hour \* 13 ✓ matches/);
    expect(body).toContain('<table class="dense">');
    expect(body).toMatch(/class="outcome failed">✕ does not match.*class="outcome ">✓ matches/s);
    expect(body).toContain(`href="/entries/backup/why?at=${encodeURIComponent(iso(6))}"`);
    expect(text).toContain('Before 2027-03-01 13:06:00 +01:00 Europe/Oslo published in time by gen1@a');
    expect(text).toContain('After 2027-03-01 13:07:00 +01:00 Europe/Oslo published more than once');
  });

  test('reads an instant without an offset in the zone of the entry, as its form sends it', async () => {
    const { body } = await why('2027-03-01T13:06');
    expect(textOf(body)).toContain('· 2027-03-01T12:06:00Z');
    expect(body).toMatch(/<input[^>]* value="2027-03-01T13:06:00"/);
    expect(textOf(body)).toContain('Instant (Europe/Oslo)');
  });

  test('keeps the second pass of an hour that the clocks repeat, as long as its field is unchanged', async () => {
    const second = '2027-10-31T01:30:00.000Z';
    const { body } = await why(second);
    expect(textOf(body)).toContain('2027-10-31 02:30:00 +01:00 Europe/Oslo');
    expect(body).toContain(`<input type="hidden" name="shown" value="${second}"`);
    const ask = (instant: string) =>
      read(`/entries/backup/why?${new URLSearchParams({ at: instant, shown: second }).toString()}`);
    const unchanged = await ask('2027-10-31T02:30:00');
    expect(textOf(unchanged.body)).toContain('· 2027-10-31T01:30:00Z');
    const changed = await ask('2027-10-31T02:31:00');
    expect(textOf(changed.body)).toContain('· 2027-10-31T00:31:00Z');
  });

  test('has milliseconds in its form where the instant has some', async () => {
    const { body } = await why('2027-03-01T12:06:00.691Z');
    expect(body).toMatch(/<input[^>]* step="0.001"[^>]* value="2027-03-01T13:06:00.691"/);
  });

  test('reads an offset whose plus sign is not encoded', async () => {
    const { body } = await read('/entries/backup/why?at=2027-03-01T14:06:00+02:00');
    expect(textOf(body)).toContain('· 2027-03-01T12:06:00Z');
  });

  test.each(['9999-12-31T23:59:59-12:00', '0000-06-01T00:00:00Z'])(
    'rejects %s, which no response could show',
    async (instant) => {
      expect(await why(instant)).toMatchObject({ status: 422 });
    },
  );

  test('explains the present without an instant', async () => {
    const { body } = await read('/entries/backup/why');
    expect(textOf(body)).toContain('· 2027-03-01T12:08:00Z');
  });

  test('rejects a malformed instant, and shows its form', async () => {
    const { status, body } = await why('<noon>');
    expect(status).toBe(422);
    expect(body).toContain('got &quot;&lt;noon&gt;&quot;');
    expect(body).toContain('type="datetime-local"');
  });

  test('answers 404 for an entry that does not exist', async () => {
    expect(await read('/entries/absent/why')).toMatchObject({ status: 404 });
  });
});

test('if reading needs no token, a login leads back to the instant', async () => {
  const { changeToken } = TOKENS;
  const beatSchedule = { backup: { task: 'shop.backup', schedule: { cron: '0 3 * * *' } } };
  await using open = await HttpApp.open({ http: { changeToken }, beatSchedule });
  const path = '/entries/backup/why?at=2027-03-01T03:10:00Z';
  const page = await (await open.request(path)).text();
  expect(page).toContain(`href="/login?${new URLSearchParams({ next: path }).toString()}"`);
});

test('an instant is explained without a history too', async () => {
  const beatSchedule = { backup: { task: 'shop.backup', schedule: { cron: '0 3 * * *' } } };
  await using bare = await HttpApp.open({ http: TOKENS, history: false, beatSchedule });
  const path = '/entries/backup/why?at=2027-03-01T03:10:00Z';
  const page = await (await bare.request(path, { token: READ })).text();
  expect(textOf(page)).toMatch(/minute 0 10 ✕ does not match/);
  const response = await bare.request(`/api${path}`, { token: READ });
  expect(await response.json()).toMatchObject({ status: 'not-due', next: '2027-03-02T03:00:00.000Z' });
});

test('the pages of an entry whose name browsers take as a part of the path are found by the query', async () => {
  const { body: list } = await read('/');
  expect(list).toContain('href="/entry?name=.."');
  const { body } = await read('/entry?name=..');
  expect(textOf(body)).toContain('shop.dots');
  const [, href = ''] = /href="(\/why\?name=\.\.&amp;at=[^"]+)"/.exec(body) ?? [];
  const { body: page } = await read(href.replaceAll('&amp;', '&'));
  expect(textOf(page)).toContain('– not expected');
  expect(page).toContain('<input type="hidden" name="name" value=".."');
});

describe('GET /api/entries/{name}/why', () => {
  const why = async (query: string) => {
    const { status, body } = await read(`/api/entries/backup/why${query}`);
    return { code: status, ...(JSON.parse(body) as object) };
  };
  const utc = (minute: number) => `?at=${iso(minute)}`;

  test.each([
    [1, { status: 'published', run: { taskId: 'id-1', latenessMs: 12 } }],
    [3, { status: 'skipped', skip: { first: iso(2), last: iso(4), reason: 'coalesced' } }],
    [5, { status: 'unaccounted' }],
    [7, { status: 'published-twice', runs: [{ taskId: 'id-4' }, { taskId: 'id-3' }] }],
    [8, { status: 'waiting' }],
    [9, { status: 'not-yet-due', reasons: [`not yet due: it is ${iso(8).replace('00Z', '01Z')}`] }],
  ])('says what became of minute %i', async (minute, expected) => {
    const neighbors = { previous: iso(minute - 1), next: iso(minute + 1) };
    expect(await why(utc(minute))).toMatchObject({
      code: 200,
      entry: 'backup',
      at: iso(minute),
      isDue: true,
      schedule: 'every minute',
      ...neighbors,
      ...expected,
    });
  });

  test('shows the fields of the rule, and what became of the nearest occurrences', async () => {
    expect(await why('?at=2027-03-01T13:06:30%2B01:00')).toMatchObject({
      isDue: false,
      status: 'not-due',
      previous: iso(6),
      next: iso(7),
      before: { at: iso(6), status: 'published' },
      after: { at: iso(7), status: 'published-twice' },
      fields: { local: '2027-03-01 13:06:30 Europe/Oslo' },
    });
  });

  test('explains the present without an instant', async () => {
    expect(await why('')).toMatchObject({ at: iso(8), status: 'waiting' });
  });

  test('rejects an instant that depends on the zone of the reader', async () => {
    const message =
      'expected an instant such as 2030-01-31T08:00:00Z (with Z or an offset), in the years 1 to 9999, got "2027-03-01T12:00"';
    expect(await why('?at=2027-03-01T12:00')).toMatchObject({ code: 422, errors: [{ path: ['at'], message }] });
  });
});
