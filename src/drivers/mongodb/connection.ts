import {
  MongoBulkWriteError,
  MongoClient,
  MongoError,
  MongoServerError,
  type Collection,
  type Db,
  type Document,
} from 'mongodb';
import type { ServerUrls } from '../../contracts/broker/server-url.ts';
import { errorAt } from '../../util/diagnostic.ts';
import { ConfigError, StoreError } from '../../util/errors.ts';
import { createMasker } from '../../util/mask.ts';

/** The longest time for an operation, unless a setting shortens it. Milliseconds. */
export const TIMEOUT = 5_000;

/** Error codes of MongoDB: a unique key that exists, and a right that the user lacks. */
const DUPLICATE_KEY = 11_000;
const UNAUTHORIZED = 13;

/** A document whose `_id` is a text or a number that beat chooses. */
export interface Keyed<Id = string> extends Document {
  readonly _id: Id;
}

export interface MongoOptions {
  readonly server: ServerUrls;
  /** The database of a URL without one, as kombu or Celery choose it. */
  readonly defaultDatabase: string;
  /** Shows the server's administrator the purpose of the connections. */
  readonly name: string;
  /** Milliseconds. */
  readonly timeout: number;
  /** Makes collections and indexes before the first operation. */
  readonly prepare?: (db: Db) => Promise<void>;
}

/**
 * A pool of connections to a server, a replica set or a cluster. The first operation opens it. Writes are on the disks
 * of a majority when they resolve.
 */
export class MongoConnection {
  readonly client: MongoClient;
  readonly db: Db;
  readonly #mask: (text: string) => string;
  readonly #prepare: (db: Db) => Promise<void>;
  #prepared: Promise<void> | null = null;

  /** Throws a `ConfigError` for an invalid URL. */
  constructor({ server, defaultDatabase, name, timeout, prepare = async () => {} }: MongoOptions) {
    this.#mask = createMasker([server.url]);
    this.#prepare = prepare;
    try {
      this.client = new MongoClient(server.url, {
        appName: name,
        connectTimeoutMS: timeout,
        socketTimeoutMS: timeout,
        waitQueueTimeoutMS: timeout,
        serverSelectionTimeoutMS: timeout,
        readPreference: 'primary',
        readConcern: { level: 'majority' },
        writeConcern: { w: 'majority', journal: true },
        ignoreUndefined: true,
      });
    } catch (error) {
      throw new ConfigError([errorAt(['brokerUrl'], this.#mask((error as Error).message))]);
    }
    this.db = this.client.db(databaseOf(server.url) || defaultDatabase);
  }

  collection<T extends Document>(name: string): Collection<T> {
    return this.db.collection<T>(name);
  }

  /** Runs an operation. Rejects with a `StoreError`. */
  async run<T>(operation: string, action: () => Promise<T>): Promise<T> {
    try {
      // After a first connection that failed, the client would stay closed. This returns at once when it is connected.
      await this.client.connect();
      this.#prepared ??= this.#prepare(this.db);
      await this.#prepared.catch((error: unknown) => {
        this.#prepared = null;
        throw error;
      });
      return await action();
    } catch (error) {
      throw this.#toStoreError(operation, error);
    }
  }

  /** The server's time, epoch milliseconds. */
  async readTime(): Promise<number> {
    const { localTime } = await this.db.command({ hello: 1 });
    return localTime instanceof Date ? localTime.getTime() : NaN;
  }

  close(): Promise<void> {
    return this.client.close();
  }

  #toStoreError(operation: string, error: unknown): unknown {
    if (!(error instanceof MongoError)) return error;
    const reason = this.#mask(error.message);
    // An error of another class has no answer of the server.
    if (!(error instanceof MongoServerError)) {
      return new StoreError(`${operation}: ${reason}`, { cause: error, unreachable: { server: 'MongoDB', reason } });
    }
    const name = error.codeName === undefined ? '' : ` (${error.codeName})`;
    return new StoreError(`${operation}: MongoDB answered: ${reason}${name}`, { cause: error });
  }
}

/** The database in a URL of one or several hosts; empty if it has none. */
export function databaseOf(url: string): string {
  const [, path = ''] = /^[^:]+:\/\/[^/?]*\/([^?]*)/.exec(url) ?? [];
  try {
    return decodeURIComponent(path);
  } catch {
    // The client library rejects the URL.
    return path;
  }
}

/** Documents that one request writes: few enough for the time that an answer may take. */
const BATCH = 250;

/** Writes documents in several requests, and ignores those that exist already. */
export async function inBatches<T>(items: readonly T[], write: (batch: T[]) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < items.length; from += BATCH) {
    await write(items.slice(from, from + BATCH)).catch(ignoreDuplicates);
  }
}

/** For `catch`: ignores that documents exist already, and throws any other error. */
export function ignoreDuplicates(error: unknown): void {
  if (!(error instanceof MongoServerError) || error.code !== DUPLICATE_KEY) throw error;
  if (!(error instanceof MongoBulkWriteError)) return;
  // The code is that of the first document. Other documents may have been written by too few members.
  const hasOther = [error.writeErrors].flat().some(({ code }) => code !== DUPLICATE_KEY);
  if (hasOther || error.result.getWriteConcernError()) throw error;
}

/** Why the server rejects an operation until an operator changes its users; `null` for other errors. */
export function rejectionReason(error: unknown): string | null {
  if (!(error instanceof StoreError)) return null;
  return error.cause instanceof MongoServerError && error.cause.code === UNAUTHORIZED ? error.message : null;
}
