import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { inject } from 'vitest';
import { RabbitNode, type NodeAddress } from './rabbitmq-node.ts';
import type { Loan } from './rabbitmq-pool.ts';

/** A RabbitMQ server of the pool, which is this test file's alone until `stop`. */
class BorrowedRabbit extends RabbitNode {
  readonly #loan: Socket;

  constructor(address: NodeAddress, loan: Socket) {
    super(address);
    this.#loan = loan;
  }

  /** Returns it to the pool. */
  override async stop(): Promise<void> {
    await super.stop();
    const returned = once(this.#loan, 'close');
    this.#loan.end();
    await returned;
  }
}

/** Borrows a RabbitMQ server without queues, for tests that neither stop nor freeze it. */
export async function borrowRabbit(): Promise<RabbitNode> {
  const socket = createConnection(inject('rabbitmqPool'));
  const [line] = (await once(createInterface({ input: socket }), 'line')) as [string];
  const loan = JSON.parse(line) as Loan;
  if ('error' in loan) throw new Error(loan.error);
  const server = new BorrowedRabbit(loan.address, socket);
  await server.reconnect();
  return server;
}
