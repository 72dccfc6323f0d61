import { describe, expect, test } from 'vitest';
import { chain, chord, group, sig, type SignatureConfig } from '../../../../src/index.ts';
import type { RunMessages } from '../../../../src/celery/message/message.ts';
import { computeTaskId } from '../../../../src/celery/message/task-id.ts';
import { composeTask, DUE_AT } from './support.ts';

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
  const [, , embed] = JSON.parse(messages[0]!.body.toString()) as [
    unknown,
    unknown,
    { chain: SerializedSignature[] },
  ];
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

  test.each([undefined, 'fixed'])(
    'of a chain has the id of its last task: task id %s',
    (taskId) => {
      const run = composeTask(chain(a, b, c), { entry: { options: { taskId } } });
      const [second, last] = steps(run);
      expect(last!.options['task_id']).toBe(taskId ?? OCCURRENCE);
      expect(second!.options['task_id']).not.toBe(last!.options['task_id']);
      expect(run.taskId).toBe(taskId ?? OCCURRENCE);
    },
  );

  test.each([undefined, 'fixed'])(
    'of a chain that ends in a group is that of the group: task id %s',
    (taskId) => {
      const run = composeTask(chain(a, group(b, c)), { entry: { options: { taskId } } });
      const [last] = steps(run);
      expect(last!.task).toBe('celery.group');
      expect(last!.options['task_id']).toBe(taskId ?? OCCURRENCE);
      const ids = last!.kwargs.tasks!.map(({ options }) => options['task_id']);
      expect(new Set([...ids, run.taskId]).size).toBe(3);
    },
  );
});

describe('a group after the first step of a chain', () => {
  test('has no group ids, because the worker that starts it assigns them', () => {
    const [last] = steps(composeTask(chain(a, group(b, c))));
    expect(
      last!.kwargs.tasks!.map(({ options }) => [options['group_id'], options['group_index']]),
    ).toEqual([
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
