import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { alert } from '../../../../src/contracts/events/alert.ts';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { toMonitorSchedule } from '../../../../src/observe/alerts/requests.ts';
import { cron } from '../../../../src/schedule/cron/cron.ts';
import { timedelta } from '../../../../src/schedule/timedelta.ts';
import { settle } from '../../../support/settle.ts';
import { makeAlerts, NOON, outcome, sent, TASK_ID } from './rig.ts';

const REDIS = { resultBackend: 'redis://localhost' };
const PING = 'https://hc.example/ping/key/{entry}';
const HOOK = 'https://hooks.example/beat?key=1';

describe('pings', () => {
  test('a followed run sends a start, and its outcome a success or a failure with the error', () => {
    const { events, pushed } = makeAlerts({ ping: PING }, REDIS);
    events.emit('sent', sent());
    events.emit('outcome', outcome('SUCCESS'));
    events.emit('outcome', outcome('FAILURE', { error: 'ValueError: no money' }));
    expect(pushed.map(({ url }) => url)).toEqual([
      `https://hc.example/ping/key/pay-roll/start?rid=${TASK_ID}`,
      `https://hc.example/ping/key/pay-roll?rid=${TASK_ID}`,
      `https://hc.example/ping/key/pay-roll/fail?rid=${TASK_ID}`,
    ]);
    expect(pushed[2]!.body).toContain('ended with FAILURE: ValueError: no money');
  });

  test.each([
    ['without a result backend', {}, {}],
    ['that ignores its result', REDIS, { messages: [{ headers: { id: TASK_ID, ignore_result: true } }] as never }],
    ['of a group', { ...REDIS, workerSendTaskEvents: true }, { messages: [{ headers: { group: TASK_ID } }] as never }],
  ])('a run %s is a success when it is published', (_name, config, more) => {
    const { events, pushed } = makeAlerts({ ping: PING }, config);
    events.emit('sent', sent(more));
    expect(pushed.map(({ url }) => url)).toEqual([`https://hc.example/ping/key/pay-roll?rid=${TASK_ID}`]);
  });

  test.each([
    ['without a result backend', {}],
    ['that ignores its result', { messages: [{ headers: { id: TASK_ID, ignore_result: true } }] as never }],
  ])('a run %s is a start where task events have its outcome', (_name, more) => {
    const config = { brokerUrl: 'redis://localhost', workerSendTaskEvents: true };
    const { events, pushed } = makeAlerts({ ping: PING }, config);
    events.emit('sent', sent(more));
    expect(pushed.map(({ url }) => url)).toEqual([`https://hc.example/ping/key/pay-roll/start?rid=${TASK_ID}`]);
  });

  test('missed occurrences are a failure, and occurrences that a command skipped are not', () => {
    const { events, pushed } = makeAlerts({ ping: PING });
    const skip = { entry: 'Pay Roll', first: NOON, last: NOON, count: 1 };
    for (const reason of ['paused', 'skipped', 'coalesced'] as const) {
      events.emit('skipped', { ...skip, reason });
    }
    expect(pushed).toEqual([]);
    events.emit('skipped', { ...skip, reason: 'deadline' });
    expect(pushed.map(({ url }) => url)).toEqual(['https://hc.example/ping/key/pay-roll/fail']);
  });

  test('the text says what was published, or how the task ended', () => {
    const { events, pushed } = makeAlerts({ ping: PING }, REDIS);
    events.emit('sent', sent());
    events.emit('outcome', outcome('SUCCESS'));
    expect(pushed.map(({ body }) => body)).toEqual([
      `Entry Pay Roll: published task tasks.pay (${TASK_ID})`,
      `Entry Pay Roll: task tasks.pay (${TASK_ID}) ended with SUCCESS`,
    ]);
  });

  test('an entry can have its own alerts, or none', () => {
    const { events, pushed } = makeAlerts({
      ping: PING,
      entries: { own: { ping: 'https://own.example/1' }, silent: { ping: null } },
    });
    for (const entry of ['own', 'silent']) events.emit('sent', sent({ entry, taskId: 'mine' }));
    expect(pushed.map(({ url }) => url)).toEqual(['https://own.example/1']);
  });
});

describe('Sentry', () => {
  const dsn = 'https://abc@o1.ingest.sentry.example/prefix/42';

  test('a run starts a check-in with the schedule of the monitor, and its outcome ends the check-in', () => {
    const schedule = { crontab: { minute: 30, hour: 4 } };
    const { events, pushed } = makeAlerts(
      { sentry: { dsn } },
      { ...REDIS, beatSchedule: { 'Pay Roll': { task: 't', schedule, timezone: 'Europe/Oslo' } } },
    );
    events.emit('sent', sent());
    events.emit('outcome', outcome('SUCCESS', { runtimeMs: 1_500 }));
    events.emit('outcome', outcome('REVOKED'));
    const { url, headers } = pushed[0]!;
    expect(url).toBe('https://o1.ingest.sentry.example/prefix/api/42/envelope/');
    expect(headers['X-Sentry-Auth']).toContain('sentry_key=abc');
    const items = pushed.map(({ body }) =>
      body!
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    );
    const checkIn = {
      check_in_id: TASK_ID.replaceAll('-', ''),
      monitor_slug: 'pay-roll',
      environment: 'production',
      monitor_config: { schedule: { type: 'crontab', value: '30 4 * * *' }, timezone: 'Europe/Oslo' },
    };
    expect(items.map(([, type]) => type)).toEqual(Array(3).fill({ type: 'check_in' }));
    expect(items.map(([, , item]) => item)).toEqual([
      { ...checkIn, status: 'in_progress' },
      { ...checkIn, status: 'ok', duration: 1.5 },
      { ...checkIn, status: 'error' },
    ]);
  });

  test('a run whose outcome is not followed is a check-in that has ended', () => {
    const { events, pushed } = makeAlerts({ sentry: { dsn } });
    events.emit('sent', sent());
    expect(pushed[0]!.body).toContain('"status":"ok"');
  });

  test('a check-in has the schedule after a reload, and none of an entry that was removed', () => {
    const entry = (hour: number) => ({ task: 't', schedule: { crontab: { minute: 30, hour } } });
    const alerts = makeAlerts({ sentry: { dsn } }, { timezone: 'Europe/Oslo', beatSchedule: { 'Pay Roll': entry(4) } });
    const send = () => {
      alerts.events.emit('sent', sent());
      const item = JSON.parse(alerts.pushed.at(-1)!.body!.trim().split('\n')[2]!) as Record<string, unknown>;
      return item['monitor_config'];
    };
    const config = (value: string) => ({ schedule: { type: 'crontab', value }, timezone: 'Europe/Oslo' });
    expect(send()).toEqual(config('30 4 * * *'));
    const { entries } = resolveSettings({ timezone: 'Europe/Oslo', beatSchedule: { 'Pay Roll': entry(5) } });
    alerts.state.settings = { ...alerts.state.settings, entries };
    expect(send()).toEqual(config('30 5 * * *'));
    alerts.state.settings = { ...alerts.state.settings, entries: [] };
    expect(send()).toBeUndefined();
  });

  test('a check-in omits a schedule that Sentry cannot express', () => {
    expect(toMonitorSchedule(timedelta({ minutes: 5 }))).toEqual({ type: 'interval', value: 5, unit: 'minute' });
    expect(toMonitorSchedule(timedelta({ minutes: 1 }))).toMatchObject({ value: 1 });
    for (const seconds of [5, 90]) expect(toMonitorSchedule(timedelta({ seconds }))).toBeNull();
    for (const line of ['*/5 1,7 * * *', '0 4 1 * *', '0 4 * 2 1']) {
      expect(toMonitorSchedule(cron(line))).toEqual({ type: 'crontab', value: line });
    }
    expect(toMonitorSchedule(cron('*/5 * * * * *'))).toBeNull();
    expect(toMonitorSchedule(cron('*/5 * 1 * 1'))).toBeNull();
    expect(toMonitorSchedule(cron('0 4 L * *'))).toBeNull();
  });
});

describe('webhooks', () => {
  test('a failure and the recovery after it send alerts, and other successes do not', () => {
    const { events, bodies } = makeAlerts({ webhook: { url: HOOK } }, REDIS);
    events.emit('outcome', outcome('SUCCESS'));
    events.emit('outcome', outcome('FAILURE', { error: 'ValueError: no money', worker: 'w@1' }));
    events.emit('outcome', outcome('SUCCESS'));
    events.emit('outcome', outcome('SUCCESS'));
    expect(bodies()).toMatchObject([
      {
        kind: 'failure',
        entry: 'Pay Roll',
        state: 'FAILURE',
        worker: 'w@1',
        error: 'ValueError: no money',
        dueAt: '2027-03-01T12:00:00.000Z',
        reason: null,
      },
      { kind: 'recovered', state: 'SUCCESS' },
    ]);
    for (const body of bodies()) expect(alert.parse(body)).toEqual(body);
  });

  test('a late run sends an alert, and a run on time ends the problem', () => {
    const { events, bodies } = makeAlerts({ webhook: { url: HOOK }, lateAfter: '30s' });
    events.emit('sent', sent({ sentAt: NOON + 29_999 }));
    events.emit('sent', sent({ sentAt: NOON + 30_000 }));
    events.emit('sent', sent({ sentAt: NOON + 90_000, cause: 'manual' }));
    events.emit('sent', sent());
    expect(bodies()).toMatchObject([{ kind: 'late', latenessMs: 30_000 }, { kind: 'recovered' }]);
    for (const body of bodies()) expect(alert.parse(body)).toEqual(body);
  });

  test('a missed stretch sends an alert with its reason and its count', () => {
    const { events, bodies } = makeAlerts({ webhook: { url: HOOK } });
    const skip = { entry: 'Pay Roll', first: NOON, last: NOON + 60_000, count: 2 };
    events.emit('skipped', { ...skip, reason: 'missed' });
    events.emit('sent', sent());
    expect(bodies()).toMatchObject([{ kind: 'missed', reason: 'missed', count: 2 }, { kind: 'recovered' }]);
    for (const body of bodies()) expect(alert.parse(body)).toEqual(body);
  });

  const NOTHING = {
    ...{ task: null, taskId: null, dueAt: null, sentAt: null, latenessMs: null, state: null },
    ...{ error: null, worker: null, runtimeMs: null, reason: null, count: null },
  };
  const RUN = { entry: 'Pay Roll', task: 'tasks.pay', taskId: TASK_ID, dueAt: '2027-03-01T12:00:00.000Z' };
  const AT = '2027-03-01T12:00:00.000Z';

  test('an alert has the fields of its kind, and null for the others', () => {
    const { events, bodies } = makeAlerts({ webhook: { url: HOOK } }, REDIS);
    events.emit('sent', sent({ sentAt: NOON + 90_000, cause: 'catch-up' }));
    events.emit('skipped', { entry: 'Pay Roll', first: NOON, last: NOON, count: 1, reason: 'expired' });
    events.emit('outcome', outcome('FAILURE', { error: 'E', worker: 'w', runtimeMs: 7 }));
    expect(bodies()).toEqual([
      {
        ...{ ...NOTHING, ...RUN, kind: 'late', at: AT, sentAt: '2027-03-01T12:01:30.000Z', latenessMs: 90_000 },
        text: 'Entry Pay Roll was published 90 s late',
      },
      {
        ...{ ...NOTHING, kind: 'missed', at: AT, entry: 'Pay Roll', dueAt: RUN.dueAt, reason: 'expired', count: 1 },
        text: `Entry Pay Roll missed 1 run (expired), the first due at ${RUN.dueAt}`,
      },
      {
        ...{ ...NOTHING, ...RUN, kind: 'failure', at: AT, state: 'FAILURE', error: 'E', worker: 'w', runtimeMs: 7 },
        text: `Entry Pay Roll: task tasks.pay (${TASK_ID}) ended with FAILURE: E`,
      },
    ]);
  });

  test('an entry with several problems has recovered when the last of them has ended', () => {
    const { events, bodies } = makeAlerts({ webhook: { url: HOOK } }, REDIS);
    const kinds = () => bodies().map(({ kind }) => kind);
    events.emit('outcome', outcome('REVOKED'));
    events.emit('sent', sent({ sentAt: NOON + 90_000 }));
    events.emit('outcome', outcome('SUCCESS'));
    events.emit('outcome', outcome('FAILURE', { entry: 'other' }));
    expect(kinds()).toEqual(['failure', 'late', 'failure']);
    events.emit('sent', sent());
    expect(kinds()).toEqual(['failure', 'late', 'failure', 'recovered']);
    expect(bodies()[3]).toMatchObject({ entry: 'Pay Roll', text: 'Entry Pay Roll is published in time again' });
    events.emit('outcome', outcome('SUCCESS', { entry: 'other' }));
    expect(bodies()[4]).toMatchObject({
      ...{ kind: 'recovered', entry: 'other', state: 'SUCCESS' },
      text: `Entry other has recovered: task tasks.pay (${TASK_ID}) succeeded`,
    });
  });

  test('a missed stretch names the number of its runs, as far as it is known', () => {
    const { events, bodies } = makeAlerts({ webhook: { url: HOOK } });
    const skip = { entry: 'a', first: NOON, last: NOON + 60_000, reason: 'catch-up-limit' } as const;
    for (const count of [2, null]) events.emit('skipped', { ...skip, count });
    expect(bodies().map(({ text }) => (text as string).split(' (')[0])).toEqual([
      'Entry a missed 2 runs',
      'Entry a missed more than 10000 runs',
    ]);
  });

  test.each(['missed', 'deadline', 'catch-up-limit', 'expired', 'no-subscribers'] as const)(
    'a run that was skipped with the reason %s is an alert',
    (reason) => {
      const { events, bodies } = makeAlerts({ webhook: { url: HOOK } });
      events.emit('skipped', { entry: 'a', first: NOON, last: NOON, count: 1, reason });
      expect(bodies()).toMatchObject([{ kind: 'missed', reason }]);
    },
  );

  test('only the kinds in `on` are sent', () => {
    const { events, pushed } = makeAlerts({ webhook: { url: HOOK, on: ['late'] } }, REDIS);
    events.emit('outcome', outcome('FAILURE'));
    expect(pushed).toEqual([]);
  });

  test('the body is a template, whose placeholders keep their types when they are alone', () => {
    const body = { text: '{{text}}!', blocks: [{ ms: '{{latenessMs}}', why: '{{error}}' }] };
    const { events, bodies } = makeAlerts({ webhook: { url: HOOK, body } });
    events.emit('sent', sent({ sentAt: NOON + 90_000, entry: 'a "b"' }));
    expect(bodies()).toEqual([{ text: 'Entry a "b" was published 90 s late!', blocks: [{ ms: 90_000, why: null }] }]);
  });

  test.each([
    ['plain-text', Buffer.from('plain-text')],
    [`whsec_${Buffer.from('key').toString('base64')}`, Buffer.from('key')],
  ])('a request is signed with the secret %s as Standard Webhooks describes', (secret, key) => {
    const { events, pushed } = makeAlerts({ webhook: { url: HOOK, secret } }, REDIS);
    events.emit('outcome', outcome('FAILURE'));
    const { headers, body } = pushed[0]!;
    expect(headers['Content-Type']).toBe('application/json');
    expect(headers['webhook-timestamp']).toBe(String(NOON / 1_000));
    const text = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    const expected = createHmac('sha256', key).update(text).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${expected}`);
  });
});

describe('the heartbeat', () => {
  const heartbeat = { url: 'https://hc.example/beat', interval: '30s' };

  test('is sent while this instance leads and its ticks are in time', async () => {
    const { clock, events, pushed, sendHeartbeats } = makeAlerts({ heartbeat });
    const stop = new AbortController();
    const done = sendHeartbeats(stop.signal);
    const pass = async (seconds: number) => {
      for (let i = 0; i < seconds; i++) {
        clock.advance(1_000);
        await settle();
      }
    };
    await pass(60);
    expect(pushed).toHaveLength(0);
    events.emit('leading', { term: 1 });
    await pass(60);
    expect(pushed).toHaveLength(0);
    events.emit('tick', { sent: 0, wakeAt: clock.now() + 60_000 });
    await pass(1);
    expect(pushed).toMatchObject([{ url: heartbeat.url, method: 'GET' }]);
    await pass(89);
    expect(pushed).toHaveLength(3);
    // The next tick is overdue by more than the interval: it hangs in a commit.
    await pass(120);
    expect(pushed.length).toBeLessThan(5);
    const before = pushed.length;
    await pass(60);
    expect(pushed).toHaveLength(before);
    events.emit('tick', { sent: 0, wakeAt: Infinity });
    await pass(1);
    expect(pushed).toHaveLength(before + 1);
    expect(pushed.at(-1)).toMatchObject({ key: 'heartbeat', about: 'heartbeat', entry: null, headers: {}, body: null });
    events.emit('following', { reason: 'lost' });
    // The last tick of the term ends later.
    events.emit('tick', { sent: 0, wakeAt: Infinity });
    await pass(90);
    expect(pushed).toHaveLength(before + 1);
    events.emit('leading', { term: 2 });
    events.emit('tick', { sent: 0, wakeAt: Infinity });
    await pass(1);
    expect(pushed).toHaveLength(before + 2);
    events.emit('stopped');
    await pass(90);
    expect(pushed).toHaveLength(before + 2);
    stop.abort();
    await done;
  });

  test('is not sent without the setting', async () => {
    const { clock, events, pushed, sendHeartbeats } = makeAlerts({ ping: PING });
    const stop = new AbortController();
    const done = sendHeartbeats(stop.signal);
    events.emit('leading', { term: 1 });
    events.emit('tick', { sent: 0, wakeAt: Infinity });
    clock.advance(1_000);
    await settle();
    expect(pushed).toEqual([]);
    stop.abort();
    await done;
  });
});

describe('a function in code', () => {
  test('receives each alert of its entries, beside the webhook', async () => {
    const received: unknown[] = [];
    const call = (given: object) => void received.push(given);
    const own = { entries: { 'Pay Roll': { call }, quiet: { call: null } } };
    const { events, pushed, called, bodies } = makeAlerts({ ...own, webhook: { url: HOOK, on: ['recovered'] } }, REDIS);
    events.emit('outcome', outcome('FAILURE', { error: 'ValueError: no money' }));
    events.emit('outcome', outcome('FAILURE', { entry: 'quiet' }));
    events.emit('outcome', outcome('SUCCESS'));
    for (const each of called) each.call(new AbortController().signal);
    expect(received).toMatchObject([
      { kind: 'failure', entry: 'Pay Roll', error: 'ValueError: no money', at: '2027-03-01T12:00:00.000Z' },
      { kind: 'recovered', entry: 'Pay Roll' },
    ]);
    expect(pushed).toHaveLength(1);
    expect(bodies()[0]).toEqual(received[1]);
  });
});
