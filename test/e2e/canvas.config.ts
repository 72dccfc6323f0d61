import { chain, chord, group, sig, type SignatureConfig } from '../../src/index.ts';

const add = (...args: unknown[]) => sig('tasks.add', args);
const mul = (...args: unknown[]) => sig('tasks.mul', args);
const total = sig('tasks.total');
const same = sig('tasks.same');
const fail = sig('tasks.fail');

/** Canvases of every kind, with the result under the id that beat logs; for a group, the result of each task. */
export const CANVASES: Record<string, { readonly task: SignatureConfig; readonly result: unknown }> = {
  signature: { task: add(1, 2), result: 3 },
  chain: { task: chain(add(1, 2), mul(3), sig('tasks.add', [5, 6], { immutable: true })), result: 11 },
  'a chain through another queue': {
    task: chain(add(1, 2), sig('tasks.mul', [3], { options: { queue: 'reports' } }), add(1)),
    result: 10,
  },
  group: { task: group(add(1, 1), add(2, 2), mul(3, 3)), result: { each: [2, 4, 9] } },
  'a group of chains': { task: group(chain(add(1, 1), mul(2)), chain(add(2, 2), mul(2))), result: { each: [4, 8] } },
  'a chain into a group': { task: chain(add(1, 1), group(add(2), mul(3))), result: { each: [4, 6] } },
  chord: { task: chord([add(1, 1), add(2, 2), add(3, 3)], total), result: 12 },
  'a chord of one': { task: chord([add(1, 1)], total), result: 2 },
  'a chord into a chain': { task: chord([add(1, 1), add(2, 2)], chain(total, mul(2))), result: 12 },
  'a chord into a group': { task: chord([add(1, 1), add(2, 2)], group(total, same)), result: { each: [6, [2, 4]] } },
  'a chord of chains': { task: chord([chain(add(1, 1), mul(2)), chain(add(3, 3), mul(4))], total), result: 28 },
  'a chord of chords': { task: chord([chord([add(1, 1), add(2, 2)], total), add(3, 3)], total), result: 12 },
  'a chord with groups in it': {
    task: chord([chain(add(1, 1), group(add(2), mul(3))), add(3, 3)], same),
    result: [[4, 6], 6],
  },
  'a group of chords': { task: group(chord([add(1, 1), add(2, 2)], total), add(5, 5)), result: { each: [6, 10] } },
  'a chord later in a chain': { task: chain(add(1, 1), group(add(2), mul(3)), total, add(4)), result: 14 },
  'group after group': { task: chain(group(add(1, 1), add(2, 2)), group(total, same), same), result: [6, [2, 4]] },
};

const caught = sig('tasks.caught');

/** Canvases that fail: their errbacks are called with the id of the failed task. */
export const FAILING: Record<string, SignatureConfig> = {
  'a task that fails': sig('tasks.fail', [], { options: { linkError: caught } }),
  'a chain that fails': chain([add(1, 2), fail, add(1)], { options: { linkError: caught } }),
  'a chord that fails': chord([add(1, 1), fail], total, { options: { linkError: caught } }),
};

/** Canvases with a callback: `tasks.linked` is called with their results. */
export const LINKED: Record<string, { readonly task: SignatureConfig; readonly value: number }> = {
  'a task with a callback': { task: add(1, 2), value: 3 },
  'a chain with a callback': { task: chain(add(1, 2), mul(3)), value: 9 },
  'a chord with a callback': { task: chord([add(3, 4), add(5, 6)], total), value: 18 },
};

/** Returns plain data, which every configuration format can represent. */
export function beatSchedule(): Record<string, object> {
  const linked = Object.entries(LINKED).map(([name, { task }]) => [name, { task, options: { link: 'tasks.linked' } }]);
  const others = Object.entries({ ...CANVASES, ...FAILING }).map(([name, parts]) => [
    name,
    { task: typeof parts === 'object' && 'result' in parts ? parts.task : parts },
  ]);
  const entries = [...others, ...linked] as [string, object][];
  return Object.fromEntries(entries.map(([name, entry]) => [name, { ...entry, schedule: 1 }]));
}
