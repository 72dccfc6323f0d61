// A global set-up that lends RabbitMQ servers, each to one test file at a time, because a start takes longer than most
// tests. `borrowRabbit` connects to its socket, receives the address of a server, and returns the server by closing its
// side; the pool closes the other side when the server is empty again.
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { Folder } from './folder.ts';
import type { NodeAddress } from './rabbitmq-node.ts';
import type { RabbitServer } from './rabbitmq.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The path of the pool's socket. */
    readonly rabbitmqPool: string;
  }
}

/** The pool's reply to a borrower. */
export type Loan = { readonly address: NodeAddress } | { readonly error: string };

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const idle: RabbitServer[] = [];
  const loans: Promise<void>[] = [];
  const folder = new Folder();
  const path = join(folder.path, 'pool.sock');
  const listener = createServer({ allowHalfOpen: true }, (borrower) => {
    loans.push(lend(borrower, idle));
  });
  await once(listener.listen(path), 'listening');
  project.provide('rabbitmqPool', path);
  return async () => {
    listener.close();
    await Promise.all(loans);
    await Promise.all(idle.map((server) => server.stop()));
    folder[Symbol.dispose]();
  };
}

async function lend(borrower: Socket, idle: RabbitServer[]): Promise<void> {
  const send = (loan: Loan) => borrower.write(`${JSON.stringify(loan)}\n`);
  const returned = waitForReturn(borrower);
  let server: RabbitServer | undefined;
  try {
    server = idle.pop() ?? (await startServer());
    send({ address: server.address });
    await returned;
    await server.reset();
    idle.push(server);
  } catch (error) {
    send({ error: String(error) });
    await server?.stop();
  }
  borrower.end();
}

/** Resolves when the borrower closes its side, or ends in any way. */
function waitForReturn(borrower: Socket): Promise<void> {
  return new Promise((resolve) => {
    borrower.on('error', () => {});
    borrower.once('end', resolve).once('close', resolve).resume();
  });
}

/** Loads the client library only for runs that need a server. */
async function startServer(): Promise<RabbitServer> {
  const { RabbitServer } = await import('./rabbitmq.ts');
  return RabbitServer.start();
}
