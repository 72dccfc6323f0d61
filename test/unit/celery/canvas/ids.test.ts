import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chain, chord, group, sig, type SignatureConfig } from '../../../../src/index.ts';
import type { RunMessages } from '../../../../src/celery/message/message.ts';
import { composeTask, DUE_AT } from './support.ts';

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
  const ids = [
    taskId,
    ...messages.flatMap((message) => idsGiven({ ...EMPTY, messages: [message] })),
  ];
  for (const id of ids) expect(id.match(UUID)?.[0]).toBe(id);
});

const EMPTY: RunMessages = { taskId: '', messages: [], chords: [] };
