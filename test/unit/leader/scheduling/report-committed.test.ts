import { expect, test } from 'vitest';
import type { SentEvent } from '../../../../src/contracts/events/beat-events.ts';
import { Events } from '../../../../src/contracts/events/events.ts';
import type { UnpublishedMessage } from '../../../../src/contracts/store/commit.ts';
import { reportCommitted } from '../../../../src/leader/scheduling/report-committed.ts';
import { makeFirstRun } from '../../../support/change.ts';
import { makeMessage } from '../../../support/message.ts';

test('report committed: of several runs those with a rejected message are not sent, and the others are', () => {
  const change = makeFirstRun('a');
  const runs = [1, 2, 3].map((dueAt) => ({
    row: { kind: 'run', dueAt, sentAt: 9, taskId: `t${dueAt}`, task: 't', cause: 'catch-up' } as const,
    messages: ['x', 'y'].map((queue) => {
      return { ...makeMessage(`t${dueAt}`, { queue }), run: { entry: 'a', dueAt, cause: 'catch-up' } as const };
    }),
  }));
  const history = runs.map(({ row }) => ({ ...row, queue: 'x', term: 1, leader: 'l', number: 1 }));
  const messages = runs.flatMap((run) => run.messages);
  const events = new Events();
  const sent: SentEvent[] = [];
  const failures: unknown[] = [];
  events.on('sent', (event) => sent.push(event));
  events.on('failure', ({ operation }) => failures.push(operation));
  const rejected: UnpublishedMessage = { message: runs[1]!.messages[1]!, kind: 'rejected', reason: 'no such queue' };
  expect(reportCommitted({ ...change, messages, history }, [rejected], events)).toBe(2);
  expect(sent.map((event) => [event.dueAt, event.messages])).toEqual([
    [1, runs[0]!.messages],
    [3, runs[2]!.messages],
  ]);
  expect(failures).toEqual([{ kind: 'publish', entry: 'a', target: 'queue "y"' }]);
});
