import { describe, expect, test } from 'vitest';
import type { AuditRow } from '../../../src/entries/commands/shapes.ts';
import type { InstanceRow } from '../../../src/read-models/status/shapes.ts';
import { errorPage, layout } from '../../../src/http/pages/layout.ts';
import { auditPage, instancesPage } from '../../../src/http/pages/lists.ts';
import { CHANGE, HttpApp, READ, TOKENS } from '../../support/http-app.ts';
import { makeFrame, render, textOf } from '../../support/render.ts';

const frame = makeFrame();
const lines = (page: string) => [...page.matchAll(/<tr>(.*?)<\/tr>/g)].map(([, line]) => textOf(line!));

describe('the frame of a page', () => {
  const header = async (parts: Parameters<typeof makeFrame>[0]) =>
    /<header>.*?<\/header>/.exec(await render(layout('T', 'main' as never, makeFrame(parts))))![0];

  test('has links to all pages, and marks the one that is open', async () => {
    const current = async (path: string) =>
      [...(await header({ path })).matchAll(/<a href="([^"]+)" aria-current="page">([^<]+)</g)].map(
        ([, to, text]) => `${to} ${text}`,
      );
    for (const path of ['/', '/add', '/entry', '/why', '/entries/a', '/entries/a/why']) {
      expect([path, await current(path)]).toEqual([path, ['/ Entries']]);
    }
    expect(await current('/instances')).toEqual(['/instances Instances']);
    expect(await current('/audit')).toEqual(['/audit Audit log']);
    expect(await current('/nothing')).toEqual([]);
  });

  test('names the leader, or warns that there is none', async () => {
    expect(textOf(await header({ leader: 'beat-1:4711' }))).toContain('leader beat-1:4711');
    expect(textOf(await header({ leader: null }))).toContain('no leader nothing is published');
  });

  test('says that a user may only read', async () => {
    expect(textOf(await header({ mayChange: false }))).toContain('read only');
    expect(textOf(await header({ mayChange: true }))).not.toContain('read only');
  });

  test('offers a login that returns to the page, and a logout to those who are logged in', async () => {
    expect(await header({ canLogIn: true, place: '/audit?limit=1' })).toContain(
      'href="/login?next=%2Faudit%3Flimit%3D1"',
    );
    expect(await header({ hasSession: true })).toContain('action="/logout"');
    const neither = await header({});
    expect(neither).not.toContain('/login');
    expect(neither).not.toContain('/logout');
  });

  test('has the version, and is absent from pages without one', async () => {
    expect(textOf(await render(layout('T', 'main' as never, makeFrame({ version: '1.2.3' }))))).toContain('beat 1.2.3');
    const bare = await render(layout('T', 'main' as never));
    for (const text of ['<header>', '<footer>', '<script']) expect(bare).not.toContain(text);
    expect(bare).toContain('<title>T · beat</title>');
  });

  test('is loaded from the store, the settings and the request', async () => {
    const http = { changeToken: TOKENS.changeToken };
    await using app = await HttpApp.open({ http, timezone: 'Asia/Kathmandu', beatSchedule: {} });
    const read = async (headers: Readonly<Record<string, string>> = {}) =>
      (await (await app.request('/audit?limit=1', { headers })).text()).replaceAll(/\s+/g, ' ');
    const open = await read();
    expect(open).toContain('href="/login?next=%2Faudit%3Flimit%3D1"');
    expect(open).not.toContain('/logout');
    expect(textOf(open)).toContain('no leader nothing is published');
    const login = await app.request('/login', { form: { token: CHANGE } });
    const session = await read({ Cookie: login.headers.get('set-cookie')!.split(';')[0]! });
    expect(session).toContain('/logout');
    expect(session).not.toContain('/login?');
    const instance = { version: '1.2.3', term: null, startedAt: Date.now(), skewMs: null };
    await app.store.instances.announce({ id: '1', host: 'a', pid: 1, role: 'follower', ...instance });
    await app.store.instances.announce({ id: '2', host: 'b', pid: null, role: 'leader', ...instance, term: 1 });
    expect(textOf(await read())).toContain('leader b ');
  });

  test('offers no login where no token permits more', async () => {
    await using app = await HttpApp.open({ http: {}, beatSchedule: {} });
    expect(await (await app.request('/')).text()).not.toContain('/login?');
    await using other = await HttpApp.open({ http: TOKENS, beatSchedule: {} });
    expect(await (await other.request('/', { token: READ })).text()).not.toContain('/login?');
  });
});

test('the page of an error has its status, its name and its detail', async () => {
  const page = (detail?: string) => render(errorPage(404, 'Not Found', detail));
  const [main] = /<main.*<\/main>/.exec(await page('there is no entry "a"'))!;
  expect(textOf(main)).toBe('404 Not Found there is no entry &quot;a&quot; All entries');
  expect(textOf(await page())).toContain('404 Not Found All entries');
});

describe('the page of the instances', () => {
  const leader: InstanceRow = {
    ...{ id: '1', host: 'a', pid: 7, version: '1.2.3', role: 'leader', term: 3, skewMs: 12 },
    ...{ startedAt: '2027-03-01T11:00:00.000Z', seenAgoMs: 1_500 },
  };
  const follower: InstanceRow = { ...leader, role: 'follower', pid: null, term: null, skewMs: null };

  test('has a row for each instance', async () => {
    const page = await render(instancesPage(frame, [leader, follower]));
    expect(lines(page)).toEqual([
      'Instance Role Term Clock skew Started (UTC) Version Seen',
      'a:7 leader 3 12 ms 1 h ago 11:00:00 1.2.3 1.5 s ago',
      'a follower – – 1 h ago 11:00:00 1.2.3 1.5 s ago',
    ]);
    expect(page).toMatch(/badge good">leader.*badge quiet">follower/);
    expect(page).toContain('<section class="panel table" id="instances" data-live aria-label="Instances">');
    expect(page.match(/<th scope="col" class="number">/g)).toHaveLength(3);
    expect(textOf(page)).toContain('seen within 15 seconds');
  });

  test('has the id of an instance that cannot be read, shortened', async () => {
    const unreadable = { kind: 'unreadable', id: 'i'.repeat(101), at: null, reason: 'not it', repair: 'wait' } as const;
    const page = await render(instancesPage(frame, [unreadable]));
    expect(lines(page)[1]).toBe(`${'i'.repeat(100)}… unreadable not it wait`);
    expect(page).toContain('<td colspan="6">');
  });

  test('says that no instance runs', async () => {
    expect(textOf(await render(instancesPage(frame, [])))).toContain('No instance runs.');
  });
});

describe('the page of the audit log', () => {
  const applied: AuditRow = {
    ...{ id: '1', do: 'pause', entry: 'a/b', by: 'ann', reason: 'migration', at: null, status: 'applied' },
    ...{ answer: 'paused a/b', answeredAt: '2027-03-01T11:00:00.000Z', term: 1 },
  };
  const rejected: AuditRow = { ...applied, do: null, entry: null, reason: null, status: 'rejected', answer: 'no such' };

  test('has a row for each command, and marks rejected ones', async () => {
    const page = await render(auditPage(frame, [applied, rejected]));
    expect(lines(page)).toEqual([
      'When (UTC) Command Entry By Answer',
      '2027-03-01 11:00:00 pause a/b ann paused a/b migration',
      '2027-03-01 11:00:00 unknown ann rejected no such',
    ]);
    expect(page).toContain('<a class="name" href="/entries/a%2Fb">a/b</a>');
    expect(page).toContain('id="audit" data-live');
  });

  test('counts its rows', async () => {
    const about = async (count: number) => textOf(await render(auditPage(frame, Array(count).fill(applied))));
    expect(await about(0)).toContain('No command was sent yet.');
    expect(await about(1)).toContain('Audit log 1 command ');
    expect(await about(2)).toContain('the newest 2 commands');
  });

  test('has the command that removes a row that cannot be read', async () => {
    const at = '2027-03-01T10:00:00.000Z';
    const unreadable = { kind: 'unreadable', id: '1', at, reason: 'not it', repair: 'beat forget --audit 1' } as const;
    const page = await render(auditPage(frame, [unreadable]));
    expect(lines(page)[1]).toBe('2027-03-01 10:00:00 unreadable not it beat forget --audit 1');
    expect(page).toContain('<td colspan="4">');
  });
});
