import { describe, expect, test } from 'vitest';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { formatDiagnostic } from '../../../../src/util/diagnostic.ts';
import { compose } from '../../../../src/entries/compose/compose.ts';
import type { Message } from '../../../../src/celery/message/message.ts';
import { DEFAULT_ENCODING } from '../../../../src/celery/message/payload.ts';
import { Queues } from '../../../../src/celery/routing/queues.ts';
import { Router } from '../../../../src/celery/routing/router.ts';
import { lazy } from '../../../../src/celery/message/lazy.ts';
import { entryProblems } from '../support.ts';

function settingsOf(entry: object, settings: object = {}) {
  const beatSchedule = { e: { task: 't', schedule: 60, ...entry } };
  return resolveSettings({ ...settings, beatSchedule });
}

function notesOf(entry: object): string[] {
  return settingsOf(entry).warnings.map(formatDiagnostic);
}

/** What is sent for an entry with these options. */
function messageWith(options: object, settings: object = {}, entry: object = {}): Message {
  const { entries, queues, routes } = settingsOf({ ...entry, options }, settings);
  const { messages } = compose({ entry: entries[0]!, dueAt: 0 }, 0, {
    timezone: 'UTC',
    keyPrefix: 'beat',
    origin: 'gen1@here',
    replyTo: 'mine',
    encoding: DEFAULT_ENCODING,
    protocol: 2,
    router: new Router(new Queues(queues), routes),
  });
  return messages[0]!;
}

describe('a time that workers cannot parse', () => {
  const long = /: expected at most 365250 days, a thousand years, got /;
  const far = /: expected an instant from 0001-01-02 to 9999-12-30, got /;
  test.each([
    [{ countdown: 1e12 }, long],
    [{ countdown: '400000d' }, long],
    [{ expires: 1e14 }, long],
    [{ expires: { timedelta: { weeks: 60_000 } } }, long],
    [{ expires: '9999-12-31T00:00:00Z' }, far],
    [{ expires: new Date(8.64e15) }, far],
    [{ eta: '0000-01-01T00:00:00Z' }, far],
    [{ eta: new Date(8.64e15) }, far],
  ])('is rejected: %j', (options, message) => {
    expect(entryProblems({ options })).toEqual([expect.stringMatching(message)]);
    const problems = entryProblems({ task: { group: ['a', { task: 'b', options }] } });
    expect(problems).toEqual([expect.stringMatching(message)]);
    expect(problems[0]).toMatch(/^task\.group\[1\]\.options\./);
  });

  test('is also rejected beside the schedule; up to a thousand years are accepted', () => {
    expect(entryProblems({ expires: 1e14 })).toEqual([expect.stringMatching(/^expires: .*1000/)]);
    expect(messageWith({ countdown: '365250d' }).headers['eta']).toBe('2970-01-08T00:00:00+00:00');
    const { headers } = messageWith({ expires: '9999-12-30T00:00:00Z' });
    expect(headers['expires']).toBe('9999-12-30T00:00:00+00:00');
  });

  test('is not sent as the expiry, even if the next occurrence is that late', () => {
    const { entries } = settingsOf({ schedule: { timedelta: { days: 4_000_000 } } });
    const schedule = entries[0]!.schedule;
    expect(schedule.next(new Date(0))!.getUTCFullYear()).toBeGreaterThan(9_999);
    expect(messageWith({ expires: 'next' }, {}, { schedule }).headers['expires']).toBeNull();
  });
});

describe('a header', () => {
  test.each([
    ['lang', 5, 'expected text, got 5'],
    ['shadow', 7, /^expected text or null, got 7 .*option shadow/],
    ['eta', 'soon', /^expected an instant as text.*, got "soon" .*option eta\)$/],
    ['eta', '2030-01-31 8pm', /^expected an instant/],
    ['expires', 'never', /^expected an instant.*option expires/],
    ['expires', 60, /^expected an instant/],
    ['group', 1, /^expected text or null.*option group_id/],
    ['group_index', -1, /^expected a whole number.*option group_index/],
    ['retries', null, /^expected a whole number, not negative, got null .*option retries/],
    ['timelimit', 'hello', /^expected \[seconds, seconds\].*option time_limit and soft_time_limit/],
    ['timelimit', [1], /^expected \[seconds, seconds\]/],
    ['timelimit', [1, '2'], /^expected \[seconds, seconds\]/],
    ['root_id', 5, /option root_id/],
    ['parent_id', {}, /option parent_id/],
    ['argsrepr', null, /^expected text, got null .*option argsrepr/],
    ['kwargsrepr', 1, /option kwargsrepr/],
    ['origin', 1, /option origin/],
    ['ignore_result', 'no', /^expected true, false or null.*option ignore_result/],
    ['replaced_task_nesting', 'x', /option replaced_task_nesting/],
    ['stamped_headers', 5, /^expected a list of text, or null.*option stamps/],
    ['stamped_headers', [5], /^expected a list of text, or null/],
    ['stamps', [], /^expected a map, or null.*option stamps/],
    ['headers', 5, 'expected a map, or null, got 5'],
    ['periodic_task_name', 5, 'expected text, got 5'],
    ['id', 5, /write the option task_id$/],
    ['id', 'a', /write the option task_id$/],
    ['task', 7, /write task, beside the schedule$/],
    ['compression', 'zip', /write the option compression$/],
    ['beat_due_at', 'x', /beat's to say$/],
    ['mine', lazy(() => 1), /^a function \(lazy\) is allowed in args/],
  ])('that makes a worker fail is rejected: %s: %j', (name, value, message) => {
    const options = { headers: { [name]: value } };
    const at = (place: string) => (line: string) => line.replace(`${place}.headers.${name}: `, '');
    const said = [typeof message === 'string' ? message : expect.stringMatching(message)];
    expect(entryProblems({ options }).map(at('options'))).toEqual(said);
    const task = { chain: ['a', { task: 'b', options }] };
    expect(entryProblems({ task }).map(at('task.chain[1].options'))).toEqual(said);
    const taskRoutes = { t: { queue: 'q', ...options } };
    expect(entryProblems({}, { taskRoutes }).map(at('taskRoutes.t'))).toEqual(said);
    const asked = entryProblems({}, { taskRoutes: () => taskRoutes.t });
    const place = `taskRoutes: what it returns for "t": headers.${name}: `;
    expect(asked.map((line) => line.replace(place, ''))).toEqual(said);
  });

  test.each([
    ['lang', 'py'],
    ['eta', '2030-01-31T08:00:00.5+01:00'],
    ['expires', '2030-01-31 08:00:00'],
    ['expires', null],
    ['timelimit', [1.5, null]],
    ['retries', 2],
    ['group_index', null],
    ['ignore_result', null],
    ['stamped_headers', ['a']],
    ['stamps', { a: [1] }],
    ['x_more', { id: 5, task: [] }],
    ['priority', 'mine'],
  ])('that is valid overrides the message, as in Celery: %s: %j', (name, value) => {
    expect(messageWith({ headers: { [name]: value } }).headers[name]).toEqual(value);
  });

  test('is also checked among stamps', () => {
    expect(entryProblems({ options: { stamps: { a: NaN } } })).toEqual([
      expect.stringMatching(/^options\.stamps\.a: NaN is not allowed in a header/),
    ]);
  });
});

describe('an option of apply_async', () => {
  test.each([
    [
      { group_id: 'g', groupIndex: 2 },
      { group: 'g', group_index: 2 },
    ],
    [
      { rootId: 'r', parent_id: 'p' },
      { root_id: 'r', parent_id: 'p' },
    ],
    [
      { retries: 3, replaced_task_nesting: 1 },
      { retries: 3, replaced_task_nesting: 1 },
    ],
    [
      { argsrepr: '(secret)', kwargsrepr: '' },
      { argsrepr: '(secret)', kwargsrepr: '' },
    ],
    [{ origin: 'gen9@there' }, { origin: 'gen9@there' }],
    [{ stamps: { tenant: 'a', n: [1] } }, { stamped_headers: ['tenant', 'n'], stamps: { tenant: 'a', n: [1] } }],
    [
      { stamped_headers: ['tenant', 'priority'], tenant: 'a', priority: 3 },
      { stamped_headers: ['tenant', 'priority'], stamps: { tenant: 'a', priority: 3 } },
    ],
    [
      { stampedHeaders: ['a'], stamps: { a: 1 } },
      { stamped_headers: ['a'], stamps: { a: 1 } },
    ],
  ])('becomes a header: %j', (options, headers) => {
    expect(messageWith(options).headers).toMatchObject(headers);
  });

  test('becomes a property if AMQP has one for it', () => {
    const options = {
      reply_to: 'answers',
      message_id: 'm',
      timestamp: 1_700_000_000,
      type: 'ty',
      userId: 'guest',
      appId: 'app',
      deliveryMode: 'transient',
    };
    const { properties, taskId } = messageWith(options);
    expect(properties).toEqual({
      correlation_id: taskId,
      reply_to: 'answers',
      delivery_mode: 1,
      priority: 0,
      message_id: 'm',
      timestamp: 1_700_000_000,
      type: 'ty',
      user_id: 'guest',
      app_id: 'app',
    });
  });

  test('route_name is the name for routing', () => {
    const taskRoutes = { known: 'q' };
    const message = messageWith({ route_name: 'known' }, { taskRoutes });
    expect(message.destination.routingKey).toBe('q');
    expect(message.headers['task']).toBe('t');
  });

  test('ignore_result of the settings applies unless the task has its own', () => {
    expect(messageWith({}).headers).not.toHaveProperty('ignore_result');
    expect(messageWith({}, { taskIgnoreResult: false }).headers).not.toHaveProperty('ignore_result');
    expect(messageWith({}, { taskIgnoreResult: true }).headers['ignore_result']).toBe(true);
    const own = messageWith({ ignoreResult: false }, { taskIgnoreResult: true });
    expect(own.headers['ignore_result']).toBe(false);
  });

  test('priority has the default of the settings', () => {
    expect(messageWith({}, { taskDefaultPriority: 7 })).toMatchObject({ priority: 7, properties: { priority: 7 } });
    expect(messageWith({ priority: 0 }, { taskDefaultPriority: 7 }).priority).toBe(0);
  });

  test('retry and its policy apply to tasks that workers publish', () => {
    const options = { retry: true, retry_policy: { max_retries: null, interval_start: 0.5 } };
    const [entry] = settingsOf({ options }).entries;
    expect(entry!.options).toMatchObject({ retry: true, retryPolicy: { maxRetries: null, intervalStart: 0.5 } });
    expect(notesOf({ options })).toEqual([]);
  });

  test.each([
    [{ options: { add_to_parent: true } }, /^beatSchedule\.e\.options\.add_to_parent: ignored/],
    [{ options: { mandatory: true } }, /^beatSchedule\.e\.options\.mandatory: ignored/],
    [{ options: { timeout: 5 } }, /^beatSchedule\.e\.options\.timeout: ignored/],
    [{ options: { confirm_timeout: 5 } }, /^beatSchedule\.e\.options\.confirm_timeout: ignored/],
    [{ options: { retry: false } }, /^beatSchedule\.e\.options\.retry: applies to tasks that workers publish/],
    [{ options: { expires: 0 } }, /^beatSchedule\.e\.options\.expires: zero is treated as "no expiry"/],
    [{ expires: '0s' }, /^beatSchedule\.e\.expires: zero is treated as "no expiry"/],
  ])('causes a warning if it has no effect: %j', (entry, note) => {
    expect(notesOf(entry)).toEqual([expect.stringMatching(note)]);
  });

  test.each([
    [{ timedelta: { minutes: 5, seconds: 0.5 } }, { after: 300_500 }],
    [{ timedelta: { hours: 12 } }, { after: 43_200_000 }],
    ['12h', { after: 43_200_000 }],
    ['2027-01-01T00:00:00Z', { at: 1_798_761_600_000 }],
  ])('expires may be a duration, a timedelta or an instant: %j', (expires, read) => {
    expect(settingsOf({ options: { expires } }).entries[0]!.options.expires).toEqual(read);
    expect(settingsOf({ expires }).entries[0]!.options.expires).toEqual(read);
  });

  test.each([{ timedelta: { minuts: 5 } }, { timedelta: { minutes: -1 } }, { minutes: 5 }, {}])(
    'expires %j is rejected',
    (expires) => {
      expect(entryProblems({ options: { expires } })).toEqual([
        expect.stringMatching(/^options\.expires: expected 'next', a number .*timedelta: \{hours/),
      ]);
    },
  );

  test('expires: 0 means no expiry', () => {
    const { headers, properties } = messageWith({ expires: 0 });
    expect(headers['expires']).toBeNull();
    expect(properties).not.toHaveProperty('expiration');
  });

  test.each([
    ...['args', 'kwargs', 'chain', 'chord', 'connection', 'producer', 'publisher', 'router'],
    ...['declare', 'immediate', 'result_cls', 'task_type', 'content_type', 'contentEncoding'],
    ...['correlation_id', 'cluster_id', 'expiration', 'timelimit'],
  ])('that beat does not support is rejected with the reason: %s', (option) => {
    expect(entryProblems({ options: { [option]: 1 } })).toEqual([
      expect.stringMatching(`^options\\.${option}: an option of Celery that beat does not support: .{20}`),
    ]);
  });

  test.each([
    [{ exchangeType: 'topc' }, /^options\.exchangeType: expected 'direct', 'topic', 'fanout' or 'headers'/],
    [{ groupIndex: -1 }, /^options\.groupIndex: expected a whole number, not negative/],
    [{ retry_policy: { max_retris: 3 } }, /^options\.retry_policy\.max_retris: .*did you mean "max_retries"/],
    [{ stamps: ['a'] }, /^options\.stamps: expected a map/],
    [{ stampedHeaders: 'a' }, /^options\.stampedHeaders: expected a list of names/],
    [{ stampedHeaders: ['a', 5], a: 1 }, /^options\.stampedHeaders\[1\]: expected the name of a stamp/],
    [{ stamped_headers: ['a'] }, /^options\.stamped_headers\[0\]: there is no stamp "a"; its value stands/],
    [{ exchnage: 'x' }, /^options\.exchnage: .*did you mean "exchange"/],
  ])('with an invalid value is rejected: %j', (options, problem) => {
    expect(entryProblems({ options })).toEqual([expect.stringMatching(problem)]);
  });
});
