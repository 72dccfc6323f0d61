import fc from 'fast-check';
import { composeTask, DUE_AT } from './support.ts';
import { expect, test, describe } from 'vitest';
import type { RunMessages } from '../../../../src/celery/message/message.ts';
import { computeTaskId } from '../../../../src/celery/message/task-id.ts';
import { chain, chord, group, sig, type SignatureConfig } from '../../../../src/index.ts';

const task = sig('tasks.add', [1, 2]);

/** Canvases of any shape, three levels deep at most, because their size grows exponentially; each task in it is another. */
const { canvas } = fc.letrec<{ canvas: SignatureConfig; several: SignatureConfig[] }>((tie) => ({
  several: fc.array(tie('canvas'), { minLength: 1, maxLength: 3 }),
  canvas: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constant<SignatureConfig>(task),
    tie('several').map((tasks) => chain(tasks)),
    tie('several').map((tasks) => group(tasks)),
    fc.tuple(tie('several'), tie('canvas')).map(([header, body]) => chord(header, body)),
  ),
}));

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** Every word that gives a task, or a group, its id. */
function idsGiven(run: RunMessages): string[] {
  const text = run.messages.map(({ headers, body }) => {
    const { id } = headers as { id: string };
    return [id, ...(body.toString().match(/(?<="task_id": ")[^"]+/g) ?? [])];
  });
  return text.flat();
}

test('canvas ids: an occurrence always has the same ids, which no other occurrence has', () => {
  fc.assert(
    fc.property(canvas, (of) => {
      const runs = [DUE_AT, DUE_AT, DUE_AT + 60_000].map((dueAt) => composeTask(of, { dueAt }));
      const [first, again, next] = runs as [RunMessages, RunMessages, RunMessages];
      expect(first).toEqual(again);
      const ids = new Set(idsGiven(first));
      expect(idsGiven(next).filter((id) => ids.has(id))).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

test('canvas ids: each message has a different id, and the result has the id of the occurrence', () => {
  fc.assert(
    fc.property(canvas, (of) => {
      const { messages, chords, taskId } = composeTask(of);
      const sent = messages.map((message) => message.taskId);
      expect(new Set(sent).size).toBe(sent.length);
      const groups = chords.map(({ groupId }) => groupId);
      expect(new Set(groups).size).toBe(groups.length);
      const said = messages.map(({ headers, body }) => [headers['group'], body.toString()]);
      expect([...sent, JSON.stringify(said)].join(' ')).toContain(taskId);
    }),
    { numRuns: 200 },
  );
});

test('canvas ids: every id has the form of a UUID', () => {
  const { messages, taskId } = composeTask(chain(task, group(task, task), task));
  const ids = [taskId, ...messages.flatMap((message) => idsGiven({ ...EMPTY, messages: [message] }))];
  for (const id of ids) expect(id.match(UUID)?.[0]).toBe(id);
});

const EMPTY: RunMessages = { taskId: '', messages: [], chords: [] };

const [a, b, c] = [sig('a'), sig('b'), sig('c')];

const OCCURRENCE = computeTaskId('e', DUE_AT, 'beat');

interface SerializedSignature {
  readonly task: string;
  readonly kwargs: {
    readonly tasks?: readonly SerializedSignature[];
    readonly header?: SerializedSignature;
    readonly body?: SerializedSignature;
  };
  readonly options: Readonly<Record<string, unknown>>;
}

/** The steps behind the first task of a chain, in their order. */
function steps({ messages }: RunMessages): readonly SerializedSignature[] {
  const [, , embed] = JSON.parse(messages[0]!.body.toString()) as [unknown, unknown, { chain: SerializedSignature[] }];
  return embed.chain.toReversed();
}

describe('the result of an occurrence', () => {
  test.each<[string, SignatureConfig]>([
    ['a task', a],
    ['a chain', chain(a, b)],
    ['a chain that ends in a group', chain(a, group(b, c))],
    ['a chain that ends in a chord', chain(a, chord([b, c], a))],
    ['a group', group(a, b)],
    ['a chord', chord([a, b], c)],
    ['a chord whose body is a chain', chord([a, b], chain(c, a))],
  ])('has the id of the occurrence for every kind of canvas: %s', (_what, canvas) => {
    expect(composeTask(canvas).taskId).toBe(OCCURRENCE);
  });

  test.each([undefined, 'fixed'])('of a chain has the id of its last task: task id %s', (taskId) => {
    const run = composeTask(chain(a, b, c), { entry: { options: { taskId } } });
    const [second, last] = steps(run);
    expect(last!.options['task_id']).toBe(taskId ?? OCCURRENCE);
    expect(second!.options['task_id']).not.toBe(last!.options['task_id']);
    expect(run.taskId).toBe(taskId ?? OCCURRENCE);
  });

  test.each([undefined, 'fixed'])('of a chain that ends in a group is that of the group: task id %s', (taskId) => {
    const run = composeTask(chain(a, group(b, c)), { entry: { options: { taskId } } });
    const [last] = steps(run);
    expect(last!.task).toBe('celery.group');
    expect(last!.options['task_id']).toBe(taskId ?? OCCURRENCE);
    const ids = last!.kwargs.tasks!.map(({ options }) => options['task_id']);
    expect(new Set([...ids, run.taskId]).size).toBe(3);
  });
});

describe('a group after the first step of a chain', () => {
  test('has no group ids, because the worker that starts it assigns them', () => {
    const [last] = steps(composeTask(chain(a, group(b, c))));
    expect(last!.kwargs.tasks!.map(({ options }) => [options['group_id'], options['group_index']])).toEqual([
      [undefined, 0],
      [undefined, 1],
    ]);
  });

  test('contains the chord that waits for its tasks, and the group of that chord', () => {
    // A chord whose header holds a chain that ends in a group.
    const run = composeTask(chord([chain(a, group(b, c))], sig('total')));
    const [groupId] = run.chords.map((each) => each.groupId);
    const [last] = steps(run);
    for (const { options } of last!.kwargs.tasks!) {
      expect(options['group_id']).toBe(groupId);
      expect(options['chord']).toMatchObject({ task: 'total', options: { task_id: run.taskId } });
    }
    expect(last!.kwargs.tasks).toHaveLength(2);
    expect(run.chords).toMatchObject([{ size: 2 }]);
  });
});

describe('a chain in a group after the first step of a chain', () => {
  test('has the id of its last task', () => {
    const [last] = steps(composeTask(chain(a, group(chain(b, c), b))));
    const [inner] = last!.kwargs.tasks!;
    expect(inner!.task).toBe('celery.chain');
    const [first, second] = inner!.kwargs.tasks!.map(({ options }) => options['task_id']);
    expect(inner!.options['task_id']).toBe(second);
    expect(first).not.toBe(second);
  });
});

describe('a chord after the first step of a chain', () => {
  test('has one id for its header, in the chord and in its group', () => {
    const [last] = steps(composeTask(chain(a, chord([b, c], a))));
    const { header, body } = last!.kwargs;
    expect(last!.options['task_id']).toEqual(expect.any(String));
    expect(header!.options['task_id']).toBe(last!.options['task_id']);
    expect(body!.options['task_id']).toBe(OCCURRENCE);
  });
});
