// A global set-up that lends RabbitMQ servers, each to one test file at a time, because a start takes longer than most
// tests. `borrowRabbit` connects to its socket, receives the address of a server, and returns the server by closing its
// side; the pool closes the other side when the server is empty again. Each line that the borrower writes until then names
// an operation on the process of the server.
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
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

/** The pool's first reply to a borrower. */
export type Loan = { readonly address: NodeAddress } | { readonly error: string };

/** What a borrower may have done with the process of its server; the pool replies with an empty line. */
const OPERATIONS = {
  freeze: (server: RabbitServer) => server.freeze(),
  thaw: (server: RabbitServer) => server.thaw(),
  kill: (server: RabbitServer) => server.kill(),
  start: (server: RabbitServer) => server.start(),
} as const;

export type Operation = keyof typeof OPERATIONS;

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
  borrower.on('error', () => {});
  const lines = createInterface({ input: borrower })[Symbol.asyncIterator]();
  let server: RabbitServer | undefined;
  try {
    server = idle.pop() ?? (await startServer());
    send({ address: server.address });
    for (let line = await lines.next(); !line.done; line = await lines.next()) {
      await OPERATIONS[line.value as Operation](server);
      borrower.write('\n');
    }
    await server.resume();
    await server.reset();
    idle.push(server);
  } catch (error) {
    send({ error: String(error) });
    await server?.stop();
  }
  borrower.end();
}

/** Loads the client library only for runs that need a server. */
async function startServer(): Promise<RabbitServer> {
  const { RabbitServer } = await import('./rabbitmq.ts');
  return RabbitServer.start();
}
