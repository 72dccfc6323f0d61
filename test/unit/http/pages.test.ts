import { describe, expect, test } from 'vitest';
import type { BeatConfig } from '../../../src/generated/config-types.ts';
import type { OutcomeRow } from '../../../src/contracts/store/history.ts';
import { CHANGE, HttpApp, TOKENS } from '../../support/http-app.ts';

const CRON = { cron: '0 3 * * *' };
const task = 't';

async function read(app: HttpApp, path: string): Promise<string> {
  return (await app.request(path, { token: CHANGE })).text();
}

/** Sends a form of an entry's page, and returns the page that follows. */
async function submit(app: HttpApp, path: string, form: Record<string, string>): Promise<string> {
  const response = await app.request(path, { token: CHANGE, form });
  const next = response.headers.get('location');
  return next === null ? response.text() : read(app, next);
}

const config = (beatSchedule: BeatConfig['beatSchedule']): BeatConfig => ({
  http: TOKENS,
  beatSchedule: beatSchedule ?? {},
});

describe('pages of the dashboard', () => {
  test('escape names, tasks, reasons and answers', async () => {
    const evil = '<script>alert(1)</script>"\'';
    await using app = await HttpApp.open(config({ [evil]: { task: evil, schedule: CRON, description: evil } }), {
      lead: true,
    });
    const path = `/entries/${encodeURIComponent(evil)}`;
    const pages = [
      await read(app, '/'),
      await submit(app, path, { do: 'pause', reason: evil }),
      await submit(app, path, { do: 'nonsense<script>' }),
      await read(app, `/?search=${encodeURIComponent(`${evil}x`)}`),
      await read(app, '/audit'),
    ];
    for (const page of pages) {
      expect(page).toContain('alert(1)');
      expect(page).not.toContain('<script>alert');
    }
  });

  test('contain no inline script, style or event handler', async () => {
    await using app = await HttpApp.open(config({ backup: { task, schedule: CRON } }));
    for (const path of ['/', '/entries/backup', '/entries/backup/why', '/add', '/audit', '/instances', '/login']) {
      const page = await read(app, path);
      expect([path, page]).toEqual([path, expect.not.stringMatching(/ style="| on\w+="|<style/)]);
      for (const [, attributes] of page.matchAll(/<script([^>]*)>/g)) {
        expect(attributes).toContain('src="/assets/dashboard.');
      }
    }
  });

  test('load nothing from other hosts, and files that browsers cache for ever', async () => {
    await using app = await HttpApp.open(config({}));
    const page = await read(app, '/');
    const paths = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path!);
    expect(paths).toHaveLength(3);
    const types: (string | null)[] = [];
    for (const path of paths) {
      const response = await app.request(path);
      expect([response.status, response.headers.get('cache-control')]).toEqual([
        200,
        'public, max-age=31536000, immutable',
      ]);
      types.push(response.headers.get('content-type'));
    }
    expect(types).toEqual(['image/svg+xml', 'text/css; charset=utf-8', 'text/javascript; charset=utf-8']);
    expect((await app.request('/assets/other.css')).status).toBe(404);
    expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  });

  test('show the lateness and the outcome of runs, and the reason for skipped ones', async () => {
    await using app = await HttpApp.open(config({ backup: { task, schedule: CRON } }), { lead: true });
    await submit(app, '/entries/backup', { do: 'run' });
    const { rows } = await app.store.history!.read('backup', { limit: 1 });
    const [row] = rows;
    if (row?.kind !== 'run') throw new Error('no run was recorded');
    const { taskId, dueAt } = row;
    await app.store.history!.append([
      {
        entry: 'backup',
        row: {
          kind: 'outcome',
          taskId,
          dueAt,
          state: 'FAILURE',
          doneAt: row.sentAt,
          runtimeMs: 1_234,
          worker: 'w1',
          error: 'Disk is full',
        },
      },
    ]);
    const page = await read(app, '/entries/backup');
    for (const text of ['✕ failed', 'Disk is full', '1.2 s', 'Runtime', 'manual']) {
      expect(page).toContain(text);
    }
    const text = (await read(app, '/')).replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
    expect(text).toContain('✕ failed in 1.2 s Disk is full');
    expect(text).toContain('1 run, 0 succeeded, 1 failed.');
  });

  test('show instants of an entry without a zone in that of the configuration', async () => {
    const entries = config({ tick: { task, schedule: 3_600 } });
    await using app = await HttpApp.open({ ...entries, timezone: 'Asia/Kathmandu' });
    const page = await read(app, '/entries/tick');
    const [, iso, shown] = /<time datetime="([^"]+)"\s*>([^<]+)<\/time/.exec(page) ?? [];
    const zone = { timeZone: 'Asia/Kathmandu' };
    expect(shown).toBe(new Date(iso!).toLocaleString('sv-SE', zone));
    expect(page).toMatch(/<p class="small muted">\s*Asia\/Kathmandu/);
  });

  test('say in the list which runs of an entry are to be skipped', async () => {
    await using app = await HttpApp.open(config({ backup: { task, schedule: CRON } }), { lead: true });
    await submit(app, '/entries/backup', { do: 'skip' });
    await submit(app, '/entries/backup', { do: 'skip' });
    expect(await read(app, '/')).toMatch(/skips the run of [^<]*03:00[^<]* and 1 more/);
  });

  test('show a rejection of the leader, and nothing changes', async () => {
    await using app = await HttpApp.open(config({ backup: { task, schedule: CRON } }), { lead: true });
    const page = await submit(app, '/entries/backup', { do: 'resume' });
    expect(page).toMatch(/Rejected: .*not paused/s);
  });

  test('send the commands of their forms: add, update, pause, backfill and remove', async () => {
    await using app = await HttpApp.open(config({ backup: { task, schedule: CRON } }), { lead: true });
    const fields = { entry: 'digest', task: 'mail.digest', schedule: '0 7 * * mon' };
    const more = { timezone: 'Europe/Oslo', args: '[1]', kwargs: '{"a": 2}' };
    expect(await submit(app, '/add', { ...fields, ...more })).toContain('added digest');
    const [stored] = await app.store.entries.find(['digest']);
    expect(JSON.parse(stored!.definition)).toEqual({
      task: 'mail.digest',
      schedule: { cron: '0 7 * * mon' },
      timezone: 'Europe/Oslo',
      args: [1],
      kwargs: { a: 2 },
    });
    const definition = '{"task": "mail.summary"}';
    const updated = await submit(app, '/entries/digest', { do: 'update', definition });
    expect(updated).toContain('mail.summary');
    const until = '2099-01-01T00:00';
    const paused = await submit(app, '/entries/backup', { do: 'pause', until });
    expect(paused).toContain('until 2099-01-01 00:00:00 UTC');
    const [from, to] = ['2026-01-01T00:00', '2026-01-03T00:00'];
    const filled = await submit(app, '/entries/backup', { do: 'backfill', from, to });
    expect(filled).toMatch(/published 2 runs|2 runs/);
    expect(await submit(app, '/entries/digest', { do: 'remove' })).toContain('<h1>Audit log</h1>');
    expect(await app.store.entries.find(['digest'])).toEqual([]);
  });

  test('show the form of a new entry again with what was typed and all problems', async () => {
    await using app = await HttpApp.open(config({}), { lead: true });
    const form = { entry: 'digest', task: '', schedule: '61 7 * * mon', args: '[1' };
    const response = await app.request('/add', { token: CHANGE, form });
    const page = await response.text();
    expect(response.status).toBe(422);
    expect(page).toContain('value="61 7 * * mon"');
    expect(page).toContain('invalid JSON');
  });

  test('say that a command waits while no instance leads', async () => {
    await using app = await HttpApp.open(config({ backup: { task, schedule: CRON } }));
    const page = await read(app, '/entries/backup?command=unknown');
    expect(page).toContain('It is applied when an instance leads.');
  });

  test('show the counts of the last 24 hours as a picture in words, and as a table by hour', async () => {
    await using app = await HttpApp.open(config({ backup: { task, schedule: CRON } }));
    const now = Date.now();
    const outcome: Omit<OutcomeRow, 'state'> = {
      kind: 'outcome',
      taskId: 'id',
      dueAt: now,
      doneAt: now,
      runtimeMs: null,
      worker: null,
      error: null,
    };
    const states = ['SUCCESS', 'SUCCESS', 'FAILURE'];
    await app.store.history!.append(states.map((state) => ({ entry: 'backup', row: { ...outcome, state } })));
    const page = await read(app, '/');
    expect(page).toContain('aria-label="3 runs, 2 succeeded, 1 failed."');
    const hour = `${new Date(now).toISOString().slice(0, 13).replace('T', ' ')}:00`;
    const text = page.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
    expect(text).toContain(`Hour (UTC) published skipped succeeded failed ${hour} – – 2 1`);
    expect(page).toContain('up to 3 a minute');
    await using empty = await HttpApp.open(config({}));
    expect(await read(empty, '/')).not.toContain('a minute');
    await using without = await HttpApp.open({ ...config({}), history: false });
    expect(await read(without, '/')).not.toContain('Last 24 hours');
  });

  test('answer a browser with a page for what does not exist, and others with problem+json', async () => {
    await using app = await HttpApp.open(config({}));
    const headers = { Accept: 'text/html,*/*' };
    for (const path of ['/entries/none', '/nothing']) {
      const response = await app.request(path, { token: CHANGE, headers });
      expect([response.status, await response.text()]).toEqual([404, expect.stringContaining('<h1>Not Found</h1>')]);
    }
    const api = await app.request('/api/entries/none', { token: CHANGE, headers });
    expect(api.headers.get('content-type')).toBe('application/problem+json');
  });

  test('answer 404 for an entry that does not exist', async () => {
    await using app = await HttpApp.open(config({}));
    expect((await app.request('/entries/absent', { token: CHANGE })).status).toBe(404);
  });

  test('ask for live updates by a short address, however long the names of their entries are', async () => {
    const names = Array.from({ length: 60 }, (_, i) => `${i} ${'ж'.repeat(200)}`);
    const entries = names.map((name) => [name, { task, schedule: CRON }] as const);
    await using app = await HttpApp.open(config(Object.fromEntries(entries)));
    const events = async (path: string) =>
      /data-events="([^"]*)"/.exec(await read(app, path))?.[1]?.replaceAll('&amp;', '&');
    expect(await events('/?search=%D0%B6&after=d50')).toBe('search=%D0%B6&limit=50&after=d50');
    expect(await events('/')).toBe('search=&limit=50');
    const path = `/entries/${encodeURIComponent(names[0]!)}`;
    expect(new URLSearchParams(await events(path)).getAll('entry')).toEqual([names[0]]);
  });

  test('lead through all entries by pages of fifty', async () => {
    const names = Array.from({ length: 120 }, (_, i) => `entry-${i}`);
    const entries = names.map((name) => [name, { task, schedule: CRON }] as const);
    await using app = await HttpApp.open(config(Object.fromEntries(entries)));
    const found: string[] = [];
    let path: string | undefined = '/';
    while (path !== undefined) {
      const page = await read(app, path);
      found.push(...[...page.matchAll(/data-entry="([^"]+)"/g)].map(([, name]) => name!));
      path = /href="([^"]+)">Next page/.exec(page)?.[1]?.replaceAll('&amp;', '&');
    }
    expect(found).toEqual(names);
  });
});
