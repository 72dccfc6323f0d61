import { expect, test } from 'vitest';
import { createBroker } from '../../../../src/drivers/sql/broker.ts';
import { STATEMENTS } from '../../../../src/drivers/sql/postgresql/syntax.ts';
import { toQueue } from '../../../../src/celery/message/destination.ts';
import { Queues } from '../../../../src/celery/routing/queues.ts';
import { FakeDatabase, SqlError } from '../../../support/fake-database.ts';
import { makeMessage } from '../../../support/message.ts';

/** A broker that rejects payloads of some task ids. */
class Broker {
  readonly database = new FakeDatabase();
  readonly pruned: number[] = [];
  readonly broker: ReturnType<typeof createBroker>;

  constructor(rejectedIds: readonly string[] = []) {
    const insert = STATEMENTS.insertMessages([]).text;
    this.database.answer = ({ text, values: [payloads] }) => {
      if (text !== insert) return [{ id: 1 }];
      const texts = payloads as string[];
      const id = rejectedIds.find((each) => texts.some((t) => t.includes(`"id":"${each}"`)));
      if (id !== undefined) throw new SqlError('invalid-data', `${id} is too long`);
      return [];
    };
    const prune = async (count: number) => void this.pruned.push(count);
    this.broker = createBroker(this.database.db, prune, new Queues());
  }

  /** The number of messages of each transaction that was committed. */
  get committed(): number[] {
    const sizes: number[] = [];
    let size = 0;
    for (const { text, values } of this.database.statements) {
      if (text === STATEMENTS.insertMessages([]).text) size = (values[0] as string[]).length;
      if (text === 'COMMIT') sizes.push(size);
    }
    return sizes;
  }
}

const messages = (...ids: string[]) => ids.map((id) => makeMessage(id));

test('sql broker: publishes in one transaction, and then prunes', async () => {
  const { broker, database, pruned } = new Broker();
  expect(await broker.publish(messages('a', 'b', 'c'))).toEqual([]);
  const inserts = database.like(STATEMENTS.insertMessages([]));
  expect(inserts.map(({ values }) => (values[0] as string[]).length)).toEqual([3]);
  expect(pruned).toEqual([3]);
});

test('sql broker: publishes nothing for no messages', async () => {
  const { broker, database } = new Broker();
  expect(await broker.publish([])).toEqual([]);
  expect(database.statements).toEqual([]);
});

test('sql broker: bisects to find rejected messages, and publishes the others in order', async () => {
  const instance = new Broker(['b', 'e']);
  const all = messages('a', 'b', 'c', 'd', 'e');
  const rejected = await instance.broker.publish(all);
  expect(rejected).toEqual([
    { message: all[1], reason: 'broker.publish: SQL refused: b is too long (here)' },
    { message: all[4], reason: 'broker.publish: SQL refused: e is too long (here)' },
  ]);
  const attempts = instance.database
    .like(STATEMENTS.insertMessages([]))
    .map(({ values }) => (values[0] as string[]).length);
  // All; a b c, a b, a, b, c; d e, d, e.
  expect(attempts).toEqual([5, 3, 2, 1, 1, 1, 2, 1, 1]);
  expect(instance.committed).toEqual([1, 1, 1]);
  expect(instance.pruned).toEqual([5]);
});

test('sql broker: a message for an exchange without a queue is rejected, and the others are published', async () => {
  const { broker, database } = new Broker();
  const [fine, lost] = [
    makeMessage('a'),
    makeMessage('b', { destination: { ...toQueue('x'), exchange: 'none', type: 'topic' } as never }),
  ];
  expect(await broker.publish([lost, fine])).toMatchObject([{ message: lost }]);
  expect(database.like(STATEMENTS.insertMessages([]))).toHaveLength(1);
});

test('sql broker: an error that does not concern a message is thrown', async () => {
  const { broker, database, pruned } = new Broker();
  database.answer = () => {
    throw new SqlError('other', 'disk full');
  };
  await expect(broker.publish(messages('a', 'b'))).rejects.toThrow('disk full');
  expect(pruned).toEqual([]);
});
