import { chain, chord, group, sig, type SignatureConfig } from 'celery-beat';
import type { Row } from './row.ts';

/** Creates tasks whose arguments name their row. */
function of(row: string) {
  const kwargs = { row };
  return {
    add: (...args: number[]) => sig('matrix.add', args, { kwargs }),
    total: sig('matrix.total', [], { kwargs }),
    see: sig('matrix.see', [], { kwargs }),
    seeNothing: sig('matrix.see', [], { kwargs, immutable: true }),
    fail: sig('matrix.fail', [], { kwargs }),
    failed: sig('matrix.failed', [], { kwargs }),
  };
}

type Tasks = ReturnType<typeof of>;

/** Creates a row from a canvas of its own tasks. */
function row(name: string, make: (tasks: Tasks) => SignatureConfig, parts: Pick<Row, 'runs' | 'result'>): Row {
  return { name, entry: { task: make(of(name)) }, ...parts };
}

const returned = (...values: unknown[]) => values.map((value) => ({ returned: value }));

export const canvasRows: readonly Row[] = [
  row('signature', ({ add }) => add(1, 2), { runs: [{ returned: 3, root: 'itself' }], result: 3 }),
  row(
    'signature with options',
    ({ see }) => ({ ...see, options: { queue: 'reports', priority: 3, headers: { x: 1 } } }),
    { runs: [{ routingKey: 'reports', priority: 3, headers: { x: 1 } }], result: 'seen' },
  ),
  row('link', ({ add, see }) => ({ ...add(1, 2), options: { link: see } }), {
    runs: [{ returned: 3 }, { task: 'matrix.see', args: [3] }],
    result: 3,
  }),
  row(
    'link of several, one immutable',
    ({ add, see, seeNothing }) => {
      return { ...add(1, 2), options: { link: [see, seeNothing] } };
    },
    { runs: [{ returned: 3 }, { task: 'matrix.see', args: [3] }, { task: 'matrix.see', args: [] }] },
  ),
  row('link_error', ({ fail, failed }) => ({ ...fail, options: { linkError: failed } }), {
    runs: [
      { task: 'matrix.fail', state: 'FAILURE' },
      { task: 'matrix.failed', state: 'SUCCESS' },
    ],
  }),
  row('chain', ({ add }) => chain(add(2, 2), add(4), add(8)), { runs: returned(4, 8, 16), result: 16 }),
  row('chain with an immutable task', ({ add, seeNothing }) => chain(add(2, 2), seeNothing), {
    runs: [{ returned: 4 }, { task: 'matrix.see', args: [] }],
    result: 'seen',
  }),
  row('group', ({ add }) => group(add(1, 1), add(2, 2)), {
    runs: [
      { returned: 2, headers: { group_index: 0 } },
      { returned: 4, headers: { group_index: 1 } },
    ],
  }),
  row('chord', ({ add, total }) => chord([add(1, 1), add(2, 2), add(3, 3)], total), {
    runs: returned(2, 4, 6, 12),
    result: 12,
  }),
  row(
    'chain of a group and a task',
    ({ add, total }) => {
      return chain(add(1, 1), group(add(1), add(2)), total);
    },
    { runs: returned(2, 3, 4, 7), result: 7 },
  ),
  row('chain that ends in a group', ({ add }) => chain(add(1, 1), group(add(1), add(2))), { runs: returned(2, 3, 4) }),
  row('group of chains', ({ add }) => group(chain(add(1, 1), add(1)), chain(add(2, 2), add(2))), {
    runs: returned(2, 3, 4, 6),
  }),
  row(
    'chord of chains',
    ({ add, total }) => {
      return chord([chain(add(1, 1), add(1)), chain(add(2, 2), add(2))], total);
    },
    { runs: returned(2, 3, 4, 6, 9), result: 9 },
  ),
  row(
    'chord with a chain as its body',
    ({ add, total }) => {
      return chord([add(1, 1), add(2, 2)], chain(total, add(10)));
    },
    { runs: returned(2, 4, 6, 16), result: 16 },
  ),
  row(
    'chain of chords',
    ({ add, total }) => {
      return chain(chord([add(1, 1), add(2, 2)], total), add(1));
    },
    { runs: returned(2, 4, 6, 7), result: 7 },
  ),
  row(
    'canvas as YAML and JSON have it',
    () => {
      const kwargs = { row: 'canvas as YAML and JSON have it' };
      const add = (...args: number[]) => ({ task: 'matrix.add', args, kwargs });
      return { chain: [{ group: [add(1, 1), add(2, 2)] }, { task: 'matrix.total', kwargs }] };
    },
    { runs: returned(2, 4, 6), result: 6 },
  ),
  row(
    'signature as Celery serializes it',
    () => {
      const kwargs = { row: 'signature as Celery serializes it' };
      const task = (args: number[]) => ({
        task: 'matrix.add',
        args,
        kwargs,
        options: {},
        subtask_type: null,
        immutable: false,
      });
      return {
        task: 'celery.chain',
        args: [],
        subtask_type: 'chain',
        immutable: false,
        kwargs: { tasks: [task([1, 1]), task([3])] },
        options: {},
      };
    },
    { runs: returned(2, 5), result: 5 },
  ),
];
