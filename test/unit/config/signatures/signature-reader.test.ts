import { describe, expect, test } from 'vitest';
import { chain, chord, group, sig, type BeatConfig } from '../../../../src/index.ts';
import { resolveSettings, resolveSources } from '../../../../src/config/resolve.ts';
import { entryOf, entryProblems, problemsOf } from '../support.ts';

const add = sig('tasks.add', [1, 1]);
const REDIS = { resultBackend: 'redis://localhost/1' };
const FORMS =
  'expected the name of a task, or a map of one of task, chain, group and chord ' +
  '(as in {chain: [{task: tasks.add, args: [1]}, tasks.mul]})';

const problemsWith = (task: unknown, entry: object = {}) => entryProblems({ task, ...entry }, REDIS);

describe('a signature', () => {
  test.for<[task: unknown, ...problems: string[]]>([
    [{}, `task: ${FORMS}, got {}`],
    [[add], `task: ${FORMS}, got [{"task":"tasks.add","args":[1,1]}]`],
    [{ task: 'a', chain: ['b'] }, `task: ${FORMS}, got {"task":"a","chain":["b"]}`],
    [{ chain: [] }, 'task.chain: expected a list of at least one signature, got an empty list'],
    [{ group: [] }, 'task.group: expected a list of at least one signature, got an empty list'],
    [{ chain: 'tasks.add' }, 'task.chain: expected a list, got "tasks.add"'],
    [{ chain: ['a', 5, ''] }, `task.chain[1]: ${FORMS}, got 5`, `task.chain[2]: ${FORMS}, got ""`],
    [
      { chord: { header: [] } },
      'task.chord.header: missing; expected at least one signature',
      'task.chord.body: missing; expected the signature that is called with the results of the header',
    ],
    [{ chord: { heade: ['a'], header: ['a'], body: 'b' } }, 'task.chord.heade: unknown key; did you mean "header"?'],
    [
      { task: 'a', arg: [1], immutable: 'yes' },
      'task.immutable: expected true or false, got "yes"',
      'task.arg: unknown key; did you mean "args"?',
    ],
    [
      {
        group: [
          { task: 'a', args: [2 ** 60] },
          { task: 'b', options: { priorty: 1 } },
        ],
      },
      'task.group[0].args[0]: 1152921504606847000 is beyond 2^53, where numbers lose digits; write it as a string or as a BigInt (123n)',
      'task.group[1].options.priorty: unknown key; did you mean "priority"?',
    ],
    [
      { task: 'a', options: { link_error: [{ task: 'b', kwarg: {} }], time_limit: 'soon' } },
      'task.options.time_limit: expected a number of seconds, or text such as 500ms, 8s, 5m, 2h, 1d or 1h30m, got "soon"',
      'task.options.link_error[0].kwarg: unknown key; did you mean "kwargs"?',
    ],
    [
      { task: 'a', subtask_type: 'chunks' },
      'task.subtask_type: expected null, chain, group, chord, map, starmap, xmap, xstarmap, got "chunks" (write the group that Celery makes of it)',
    ],
    [
      { task: 'celery.chain', args: [1], kwargs: { tasks: [] } },
      'task.args: a chain has no arguments of its own; they belong to its tasks',
      'task.kwargs.tasks: expected a list of at least one signature, got an empty list',
    ],
  ])('%j is rejected with all errors', ([task, ...problems]) => {
    const found = problemsWith(task);
    for (const problem of problems) expect(found).toContain(problem);
    expect(found).toHaveLength(problems.length);
  });

  test.each([
    [{ chain: ['a', 'b'] }, 'chain: write task: {chain: […]}'],
    [group('a', 'b'), 'group: write task: {group: […]}'],
    [{ chord: { header: ['a'], body: 5 } }, 'chord: write task: {chord: {header: […], body: …}}'],
  ])('must be under task: %j', (entry, problem) => {
    expect(problemsWith(undefined, { ...entry, args: [1] })).toEqual([problem]);
    expect(problemsWith('a', entry)).toEqual([problem]);
    const beatSchedule = { e: { ...entry, schedule: 60, queue: 'q' } };
    expect(problemsOf({ ...REDIS, beatSchedule })).toEqual([
      `beatSchedule.e.${problem}`,
      'beatSchedule.e.queue: unknown here; it belongs under options: {queue: …}',
    ]);
  });

  test('cannot contain itself', () => {
    const round: { chain: unknown[] } = { chain: ['a'] };
    round.chain.push(round, { group: [round] });
    expect(problemsWith(round)).toEqual(['task.chain[1]: contains itself', 'task.chain[2].group[0]: contains itself']);
  });

  test('has at most 32 levels', () => {
    let deep: unknown = 'a';
    for (let level = 0; level < 33; level++) deep = { group: [deep] };
    expect(problemsWith(deep)).toEqual([expect.stringMatching(/: nested deeper than 32 levels$/)]);
  });

  test('has a duration as expiry, which applies when a worker publishes it', () => {
    for (const expires of ['next', '2030-01-01T00:00:00Z']) {
      expect(problemsWith(chain(add, sig('b', [], { options: { expires } })))).toEqual([
        expect.stringMatching(/^task\.chain\[1\]\.options\.expires: expected a duration/),
      ]);
    }
    expect(problemsWith(chain(add, sig('b', [], { options: { expires: '1h' } })))).toEqual([]);
  });

  test('is accepted in the spellings of Python and of JavaScript', () => {
    const options = { timeLimit: 5, linkError: ['caught'] };
    const ours = entryOf({ task: { chain: ['a', { task: 'b', options }], immutable: true } });
    const python = { time_limit: 5, link_error: 'caught', queue: null };
    const theirs = entryOf({
      task: {
        task: 'celery.chain',
        args: [],
        kwargs: { tasks: ['a', { task: 'b', options: python, subtask_type: null }] },
        options: {},
        subtask_type: 'chain',
        immutable: true,
      },
    });
    expect(theirs.canvas).toEqual(ours.canvas);
  });

  test('may be a map or starmap of Celery, which is one task', () => {
    const kwargs = { task: { task: 'tasks.add' }, it: [[1, 2]] };
    const map = { task: 'celery.starmap', kwargs, subtask_type: 'xstarmap', immutable: true };
    expect(entryOf({ task: map }).canvas).toMatchObject({ kind: 'task', kwargs });
  });

  test('with an error in YAML is reported with its line', () => {
    const config = { beatSchedule: { e: { task: { chain: ['a', { tsk: 'b' }] }, schedule: 60 } } };
    const lines: Record<string, number> = { 'beatSchedule e task chain 1': 7 };
    const source = {
      file: 'beat.yaml',
      config,
      errors: [],
      copies: [],
      findLine: (path: readonly (string | number)[]) => lines[path.join(' ')],
    };
    expect(() => resolveSources([source])).toThrow(/^beat\.yaml:7: beatSchedule\.e\.task\.chain\[1\]/);
  });
});

describe('a callback after a group', () => {
  const why =
    'has no effect after a group, whose tasks end separately; ' +
    'use a chord, which calls its body with all results: {chord: {header: […], body: …}}';

  test.for([group([add], { options: { link: 'b' } }), chain([add, group(add, add)], { options: { link: 'b' } })])(
    'is rejected in a signature',
    (task) => {
      expect(problemsWith(task)).toEqual([`task.options.link: ${why}`]);
    },
  );

  test('is rejected in an entry', () => {
    expect(problemsWith(group(add), { options: { link: 'b' } })).toEqual([`options.link: ${why}`]);
  });
});

describe('arguments beside a signature', () => {
  test('are rejected if it accepts none', () => {
    const immutable = sig('a', [], { immutable: true });
    expect(problemsWith(immutable, { args: [1] })).toEqual(['args: has no effect: the signature is immutable']);
    expect(problemsWith(group(immutable, add), { kwargs: { x: 1 } })).toEqual([]);
  });
});

describe('a chord that beat starts', () => {
  const starts = 'starts a chord, which needs a Redis as resultBackend to join it';
  const header = chord([add], 'tasks.total');

  test.for<[backend: string | undefined, problem: string]>([
    [undefined, `task: ${starts}, and there is none`],
    ['db+sqlite:///results', `task: ${starts}, got db+sqlite:///results`],
    ['rpc://', `task: ${starts}, got rpc://`],
  ])('is rejected with the result backend %j', ([resultBackend, problem]) => {
    for (const task of [header, group(header, add), chain(group(add, add), 'tasks.total')]) {
      expect(entryProblems({ task }, { resultBackend })).toEqual([problem]);
    }
  });

  test.for(['redis://h/1', 'rediss://h/1', 'sentinel://h:26379'])('can be joined in %s', (url) => {
    const more = { result_backend_transport_options: { master_name: 'm' } };
    expect(entryProblems({ task: header }, { result_backend: url, ...more })).toEqual([]);
  });

  test('needs the name of the master with sentinels', () => {
    expect(entryProblems({ task: header }, { resultBackend: 'sentinel://h:26379' })).toEqual([
      'task: starts a chord, which needs resultBackendTransportOptions.masterName: the name of the master that the sentinels watch',
    ]);
  });

  test('needs no result backend if a worker starts it', () => {
    expect(entryProblems({ task: chain(add, header) })).toEqual([]);
  });
});

describe('old workers', () => {
  test('do not support chains: protocol 1 is rejected with them, and accepts single tasks with callbacks', () => {
    const old = { task_protocol: 1 };
    expect(entryProblems({ task: chain(add, add) }, old)).toEqual(['task: a chain needs taskProtocol 2']);
    expect(entryProblems({ task: 'a', options: { link: 'b' } }, old)).toEqual([]);
  });
});

describe('every task that beat publishes', () => {
  test('is routed at load', () => {
    const slow = sig('a', [], { options: { queue: 'slow' } });
    const config = {
      taskCreateMissingQueues: false,
      taskQueues: ['celery'],
      beatSchedule: { e: { task: group(add, slow), schedule: 60 } },
    } as unknown as BeatConfig;
    expect(() => resolveSettings(config)).toThrow(/slow/);
  });
});

test('a signature: a chain of groups whose messages would be too large is rejected with their size', () => {
  const pair = { group: ['a', 'b'] };
  const groups = (length: number) => ({ chain: Array.from({ length }, () => pair) });
  expect(problemsWith(groups(5))).toEqual([]);
  expect(problemsWith(groups(10))).toEqual([
    expect.stringMatching(
      /^task: the messages of a run would have about \d+,\d{3},\d{3} bytes, more than the limit of 3,000,000; each task of a group in a chain contains all later steps$/,
    ),
  ]);
  expect(problemsWith(groups(500))).toEqual([expect.stringContaining('would have over 1,000,000,000,000,000 bytes')]);
});

test('a signature: the size of its messages includes the arguments and options of the entry', () => {
  const task = { group: Array.from({ length: 500 }, () => 'a') };
  expect(problemsWith(task, { args: ['x'] })).toEqual([]);
  const args = ['x'.repeat(10_000)];
  const headers = { x: 'x'.repeat(10_000) };
  for (const entry of [{ args }, { options: { headers } }]) {
    expect(problemsWith(task, entry)).toEqual([expect.stringMatching(/about 5,\d{3},\d{3} bytes/)]);
  }
});
