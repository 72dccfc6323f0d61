import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { inject } from 'vitest';
import { RabbitNode, type NodeAddress } from './rabbitmq-node.ts';
import type { Loan, Operation } from './rabbitmq-pool.ts';

/** A RabbitMQ server of the pool, which is this test file's alone until `stop`. */
export class BorrowedRabbit extends RabbitNode {
  readonly #loan: Socket;
  readonly #replies: AsyncIterator<string>;

  constructor(address: NodeAddress, loan: Socket, replies: AsyncIterator<string>) {
    super(address);
    this.#loan = loan;
    this.#replies = replies;
  }

  /** Stops it with its connections open, until `thaw`. */
  freeze(): Promise<void> {
    return this.#ask('freeze');
  }

  thaw(): Promise<void> {
    return this.#ask('thaw');
  }

  /** Kills it. Confirmed persistent messages are there again after `start`. */
  kill(): Promise<void> {
    this.connection = null;
    return this.#ask('kill');
  }

  /** Starts it after `kill`. Resolves when it accepts connections. */
  async start(): Promise<void> {
    await this.#ask('start');
    await this.reconnect();
  }

  async #ask(operation: Operation): Promise<void> {
    this.#loan.write(`${operation}\n`);
    const { done } = await this.#replies.next();
    if (done) throw new Error(`RabbitMQ: the pool could not ${operation} it`);
  }

  /** Returns it to the pool. */
  override async stop(): Promise<void> {
    await super.stop();
    const returned = once(this.#loan, 'close');
    this.#loan.end();
    await returned;
  }
}

/** Borrows a RabbitMQ server without queues. */
export async function borrowRabbit(): Promise<BorrowedRabbit> {
  const socket = createConnection(inject('rabbitmqPool'));
  const replies = createInterface({ input: socket })[Symbol.asyncIterator]();
  const { value } = (await replies.next()) as { value: string };
  const loan = JSON.parse(value) as Loan;
  if ('error' in loan) throw new Error(loan.error);
  const server = new BorrowedRabbit(loan.address, socket, replies);
  await server.reconnect();
  return server;
}
