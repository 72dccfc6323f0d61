import type { Row } from './row.ts';

const see = { task: 'matrix.see' };

const ARGS = [1, -2.5, 'tøy', null, true, [1, [2, { deep: '🎺' }]]];
const KWARGS = { größe: 'Ærøskøbing “quoted” \\ \n 漢字', camelCase: { snake_case: [{ minute: 5 }] } };

/** One row for each option of `apply_async`, and one without options. */
export const optionRows: readonly Row[] = [
  {
    name: 'no options at all',
    entry: see,
    runs: [
      {
        task: 'matrix.see',
        state: 'SUCCESS',
        returned: 'seen',
        args: [],
        kwargs: {},
        exchange: '',
        routingKey: 'celery',
        priority: 0,
        etaAt: null,
        expiresAt: null,
        timelimit: [null, null],
        root: 'itself',
        parent_id: null,
        group: null,
        retries: 0,
        shadow: null,
        correlation: 'itself',
        stamps: {},
        argsrepr: '()',
        kwargsrepr: "{'row': 'no options at all'}",
        contentType: 'application/json',
        contentEncoding: 'utf-8',
        headers: { lang: 'js', stamped_headers: null, replaced_task_nesting: 0 },
        properties: { delivery_mode: 2, priority: 0 },
      },
    ],
    result: 'seen',
  },
  { name: 'args and kwargs', entry: { ...see, args: ARGS, kwargs: KWARGS }, runs: [{ args: ARGS, kwargs: KWARGS }] },
  {
    name: 'which entry it is of',
    entry: see,
    runs: [{ headers: { periodic_task_name: 'which entry it is of', beat_due_at: /Z$/ } }],
  },
  { name: 'queue', entry: { ...see, options: { queue: 'reports' } }, runs: [{ exchange: '', routingKey: 'reports' }] },
  {
    name: 'priority',
    entry: { ...see, options: { priority: 7 } },
    runs: [{ priority: 7, properties: { priority: 7 } }],
  },
  { name: 'countdown', entry: { ...see, options: { countdown: 0.5 } }, runs: [{ etaIn: 500 }] },
  {
    name: 'eta',
    entry: { ...see, options: { eta: '2020-01-31T08:00:00+02:00' } },
    runs: [{ etaAt: '2020-01-31T06:00:00.000Z' }],
  },
  {
    name: 'countdown before eta',
    entry: { ...see, options: { countdown: 0.25, eta: '2100-01-01T00:00:00Z' } },
    runs: [{ etaIn: 250 }],
  },
  {
    name: 'expires in seconds',
    entry: { ...see, options: { expires: 3600 } },
    runs: [{ expiresIn: 3_600_000, properties: { expiration: '3600000' } }],
  },
  {
    name: 'expires at an instant',
    entry: { ...see, options: { expires: '2100-01-01T00:00:00Z' } },
    runs: [{ expiresAt: '2100-01-01T00:00:00.000Z' }],
  },
  { name: 'expires of the entry', entry: { ...see, expires: '1h' }, runs: [{ expiresIn: 3_600_000 }] },
  {
    name: 'expires after no time, which is never',
    entry: { ...see, options: { expires: 0 } },
    runs: [{ expiresAt: null, returned: 'seen' }],
  },
  {
    name: 'time limits',
    entry: { ...see, options: { timeLimit: 90, softTimeLimit: '1m' } },
    runs: [{ timelimit: [90, 60] }],
  },
  {
    name: 'headers',
    entry: { ...see, options: { headers: { 'x-team': 'blé', x_more: { a: [1] } } } },
    runs: [{ headers: { 'x-team': 'blé', x_more: { a: [1] } } }],
  },
  {
    name: 'headers that workers read',
    entry: { ...see, options: { headers: { shadow: 'a.b', timelimit: [90, null], lang: 'py' } } },
    runs: [{ shadow: 'a.b', timelimit: [90, null] }],
  },
  {
    name: 'templates in options',
    entry: {
      ...see,
      options: { shadow: 'of {{entry}}', taskId: 'templates-{{dueAt | epoch}}', headers: { 'x-at': '{{dueAt}}' } },
    },
    runs: [{ shadow: 'of templates in options', headers: { 'x-at': /^20.*Z$/ } }],
  },
  { name: 'shadow', entry: { ...see, options: { shadow: 'a.b' } }, runs: [{ shadow: 'a.b' }] },
  {
    name: 'ignore_result',
    entry: { ...see, options: { ignoreResult: true } },
    runs: [{ ignore_result: true, returned: 'seen' }],
    result: undefined,
  },
  {
    name: 'ignore_result as the task has it',
    entry: { task: 'matrix.quiet' },
    runs: [{ returned: 'not requested', headers: {} }],
    result: undefined,
  },
  {
    name: 'ignore_result that the entry turns off',
    entry: { task: 'matrix.quiet', options: { ignoreResult: false } },
    runs: [{ headers: { ignore_result: false } }],
    result: 'not requested',
    not: ({ celery }) => celery === 'old' && 'that worker heeds its task alone',
  },
  {
    name: 'task_id',
    entry: { ...see, options: { taskId: 'one of my own' } },
    runs: [{ id: 'one of my own', root: 'itself', correlation: 'itself' }],
    result: 'seen',
  },
  {
    name: 'delivery_mode',
    entry: { ...see, options: { deliveryMode: 'transient' } },
    runs: [{ properties: { delivery_mode: 1 } }],
  },
  {
    name: 'reply_to',
    entry: { ...see, options: { replyTo: 'answers' } },
    runs: [{ reply_to: 'answers', properties: { reply_to: 'answers' } }],
  },
  {
    name: 'group_id',
    entry: { ...see, options: { groupId: 'a group', groupIndex: 3 } },
    runs: [{ group: 'a group', headers: { group: 'a group', group_index: 3 } }],
  },
  {
    name: 'root_id and parent_id',
    entry: { ...see, options: { rootId: 'the root', parentId: 'the parent' } },
    runs: [{ root_id: 'the root', parent_id: 'the parent' }],
  },
  {
    name: 'stamps',
    entry: { ...see, options: { stamps: { team: 'blue', on: [1] } } },
    runs: [{ headers: { stamped_headers: ['team', 'on'], stamps: { team: 'blue', on: [1] } } }],
  },
  {
    name: "stamps in Celery's own form",
    entry: { ...see, options: { stampedHeaders: ['team'], team: 'blue' } as object },
    runs: [{ headers: { stamped_headers: ['team'], stamps: { team: 'blue' } } }],
  },
  { name: 'retries', entry: { ...see, options: { retries: 2 } }, runs: [{ retries: 2 }] },
  {
    name: 'replaced_task_nesting',
    entry: { ...see, options: { replacedTaskNesting: 1 } },
    runs: [{ headers: { replaced_task_nesting: 1 } }],
  },
  {
    name: 'argsrepr, kwargsrepr and origin',
    entry: { ...see, args: ['a password'], options: { argsrepr: '(…)', kwargsrepr: '{…}', origin: 'me' } },
    runs: [{ args: ['a password'], argsrepr: '(…)', kwargsrepr: '{…}', origin: 'me' }],
  },
  {
    name: 'properties of AMQP',
    entry: { ...see, options: { messageId: 'm1', type: 't', appId: 'beat', userId: 'guest', timestamp: 1e9 } },
    runs: [{ properties: { message_id: 'm1', type: 't', app_id: 'beat', user_id: 'guest', timestamp: 1e9 } }],
  },
  {
    name: 'what a producer in Python needs and beat does not',
    entry: { ...see, options: { addToParent: false, mandatory: true, retry: true, confirmTimeout: 3 } },
    runs: [{ returned: 'seen' }],
  },
];
