import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MongoClient, type Db } from 'mongodb';
import { Child } from './child.ts';

/** Where `scripts/services.ts` compiles the server. */
const CLASSES = join(import.meta.dirname, '../../node_modules/.cache/mongodb');

/** Returns the reason to skip tests that need a server of MongoDB's protocol, or `false`. */
export function requireMongodb(): string | false {
  if (existsSync(join(CLASSES, 'Server.class'))) return false;
  return "the tests' server for MongoDB's protocol is not installed (it needs Java and Maven)";
}

/** `single`: a server alone, without transactions. `set`: a replica set of one member. */
export type Topology = 'single' | 'set';

/** A server in memory that speaks MongoDB's protocol. It loses all data when killed. */
export class MongoServer implements AsyncDisposable {
  readonly port: number;
  readonly client: MongoClient;
  readonly #topology: Topology;
  #process: Child;

  private constructor(process: Child, port: number, topology: Topology) {
    this.#process = process;
    this.port = port;
    this.#topology = topology;
    this.client = new MongoClient(this.url(''));
  }

  /** On any free port, unless one is given. */
  static async start(topology: Topology, at = 0): Promise<MongoServer> {
    const { process, port } = await run(at, topology);
    return new MongoServer(process, port, topology);
  }

  /** The broker URL of Celery. */
  url(database = 'tasks', port = this.port): string {
    return `mongodb://127.0.0.1:${port}/${database}`;
  }

  get db(): Db {
    return this.client.db('tasks');
  }

  /** Deletes all documents; the indexes stay. */
  async empty(): Promise<void> {
    for (const { name } of await this.db.listCollections().toArray()) await this.db.collection(name).deleteMany({});
  }

  async kill(): Promise<void> {
    await this.#process.kill();
  }

  /** Starts the server again after `kill`, without its data. */
  async restart(): Promise<void> {
    ({ process: this.#process } = await run(this.port, this.#topology));
  }

  async stop(): Promise<void> {
    await this.client.close();
    await this.kill();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

async function run(at: number, topology: Topology): Promise<{ readonly process: Child; readonly port: number }> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const onLine = (line: string) => {
    const [, port] = /^port (\d+)$/.exec(line) ?? [];
    if (port !== undefined) resolve(Number(port));
  };
  const path = `${CLASSES}:${join(CLASSES, 'lib', '*')}`;
  const process = new Child('java', ['-cp', path, 'Server', String(at), topology], { lines: { 1: onLine } });
  void process.exited.then(() => reject(new Error('the server for MongoDB ended')));
  return { process, port: await promise };
}
