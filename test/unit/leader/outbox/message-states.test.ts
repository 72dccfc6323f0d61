import { describe, expect, test } from 'vitest';
import { Withdrawals, type SkippedMessage } from '../../../../src/leader/outbox/message-states.ts';
import { outboxMessages } from '../../../../src/contracts/store/outbox.ts';
import { makeFirstRun } from '../../../support/change.ts';

const [MESSAGE] = outboxMessages([makeFirstRun('a', 'id-1')]);
const { dueAt } = MESSAGE!.run;

function skip(id: string, run: object = {}): SkippedMessage {
  return { message: { ...MESSAGE!, id, run: { ...MESSAGE!.run, ...run } }, reason: 'expired' };
}

describe('withdrawals', () => {
  test('withdrawals: a run of one message is withdrawn with it', () => {
    const found = new Withdrawals(7).find([skip('1')]);
    expect(found.map(({ run }) => run)).toEqual([{ taskId: 'id-1', dueAt, term: 7 }]);
  });

  test('withdrawals: a workflow is withdrawn only with its last message, because workers may run the others', () => {
    const withdrawals = new Withdrawals(7);
    const workflow = { taskId: 'group-1', messages: 3 };
    const [a, b, c] = ['1', '2', '3'].map((id) => skip(id, { workflow }));
    expect(withdrawals.find([a!, b!])).toEqual([]);
    withdrawals.removed([a!]);
    // The answer to the removal was lost, so it is repeated.
    withdrawals.removed([a!, b!]);
    expect(withdrawals.find([b!])).toEqual([]);
    const [last] = withdrawals.find([c!]);
    expect(last).toMatchObject({ message: { id: '3' }, run: { taskId: 'group-1', dueAt } });
    withdrawals.removed([c!]);
    expect(withdrawals.find([c!])).toEqual([]);
  });

  test('withdrawals: two runs with one task id are two', () => {
    const found = new Withdrawals(7).find([skip('1'), skip('2', { dueAt: dueAt + 1 })]);
    expect(found.map(({ run }) => run.dueAt)).toEqual([dueAt, dueAt + 1]);
  });
});
