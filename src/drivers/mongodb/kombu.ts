import { randomUUID } from 'node:crypto';
import { BSON, ObjectId, type ClientSession, type Collection, type CollectionInfo, type Db } from 'mongodb';
import { receiversOf } from '../../celery/kombu/bindings.ts';
import { encodeEnvelope } from '../../celery/kombu/envelope.ts';
import type { Message } from '../../celery/message/message.ts';
import type { Queues } from '../../celery/routing/queues.ts';
import type { MongodbOptions } from '../../contracts/broker/connection-settings.ts';
import type { Rejection } from '../../contracts/broker/broker.ts';
import type { Clock } from '../../util/clock.ts';
import { StoreError } from '../../util/errors.ts';
import { inBatches } from './connection.ts';
import { ignoreExisting } from './names.ts';

/** The largest document of MongoDB is 16 MiB; the rest is for the fields beside a text. Bytes. */
export const MAX_DOCUMENT = 16 * 1_024 * 1_024 - 16 * 1_024;

/** The bindings of exchanges that one read returns at most. */
const MAX_BINDINGS = 10_000;

/** The highest priority of kombu's transport, which reads the lowest number first. */
const MAX_PRIORITY = 9;

/** Separates the fields of a binding, as no name contains it. */
const SEP = '\0';

/** A message in kombu's collection. */
export interface MessageDocument {
  readonly _id: ObjectId;
  readonly payload: string;
  readonly queue: string;
  readonly priority: number;
  /** With the option `ttl`: when MongoDB deletes it; `null` for never. */
  readonly expire_at?: Date | null;
  /** Unique, so that a repeated message is not inserted while the first waits in its queue. Workers ignore it. */
  readonly beat?: string;
}

/** A message to a fanout exchange, in kombu's capped collection, whose field `queue` has the exchange. */
export interface BroadcastDocument {
  readonly _id: ObjectId;
  readonly payload: string;
  readonly queue: string;
}

interface Binding {
  readonly exchange: string;
  readonly queue: string;
  readonly routing_key: string;
  readonly pattern: string;
}

interface QueueDocument {
  readonly _id: string;
  readonly options?: { readonly arguments?: Readonly<Record<string, unknown>> };
}

/** What publishing some messages inserts. */
export interface Publication {
  readonly messages: readonly MessageDocument[];
  readonly broadcasts: readonly BroadcastDocument[];
  readonly rejected: readonly Rejection[];
}

/** The collections of kombu's transport in a database, and the documents of messages. */
export function createKombu(db: Db, options: MongodbOptions, queues: Queues, clock: Clock) {
  const { ttl } = options;
  const routing: Collection<Binding> = db.collection<Binding>(options.routingCollection);
  const declared: Collection<QueueDocument> = db.collection<QueueDocument>(options.queuesCollection);

  /** Reads what workers have bound to the exchanges of these messages, as members of a binding set. */
  const readBindings = async (messages: readonly Message[]): Promise<ReadonlyMap<string, readonly string[]>> => {
    const exchanges = new Set(messages.map(({ destination }) => destination.exchange));
    exchanges.delete('');
    if (exchanges.size === 0) return new Map();
    const limit = MAX_BINDINGS + 1;
    const found = await routing.find({ exchange: { $in: [...exchanges] } }, { limit }).toArray();
    if (found.length === limit) {
      const names = [...exchanges].map((name) => JSON.stringify(name)).join(', ');
      throw new StoreError(`${options.routingCollection} has over ${MAX_BINDINGS} bindings of the exchanges ${names}`);
    }
    const byExchange = Map.groupBy(found, ({ exchange }) => exchange);
    return new Map(
      [...byExchange].map(([exchange, bindings]) => [
        exchange,
        bindings.map(({ routing_key, pattern, queue }) => [routing_key, pattern, queue].join(SEP)),
      ]),
    );
  };

  /** How long messages stay in these queues, milliseconds, by the declarations of workers. */
  const readLifetimes = async (names: readonly string[]): Promise<ReadonlyMap<string, number>> => {
    if (!ttl || names.length === 0) return new Map();
    const found = await declared.find({ _id: { $in: [...new Set(names)] } }).toArray();
    return new Map(
      found.flatMap(({ _id, options: given }) => {
        const lifetime = given?.arguments?.['x-message-ttl'];
        return typeof lifetime === 'number' ? [[_id, lifetime] as const] : [];
      }),
    );
  };

  const receivers = ({ destination }: Message, members: readonly string[]): readonly string[] => {
    if (destination.exchange === '') return [destination.routingKey];
    return [...receiversOf(destination, queues, members, SEP)];
  };

  /** The earlier of the lifetimes of queue and message, as kombu writes it. */
  const expiry = ({ properties }: Message, lifetime: number | undefined): Date | null => {
    const own = properties.expiration === undefined ? Infinity : Number(properties.expiration);
    const least = Math.min(own, lifetime ?? Infinity);
    return Number.isFinite(least) ? new Date(clock.now() + least) : null;
  };

  let prepared: Promise<number> | null = null;
  /** Makes what a worker makes, once, and resolves with the size of the collection of broadcasts. */
  const prepare = (): Promise<number> => {
    prepared ??= prepareCollections(db, options).catch((error: unknown) => {
      prepared = null;
      throw error;
    });
    return prepared;
  };

  const messageCollection = db.collection<MessageDocument>(options.messagesCollection);
  const broadcastCollection = db.collection<BroadcastDocument>(options.broadcastCollection);

  return {
    /** Makes the documents of messages. `isRepeatable` marks them, so that a repeated message is inserted once. */
    async encode(messages: readonly Message[], isRepeatable: boolean): Promise<Publication> {
      if (messages.length === 0) return { messages: [], broadcasts: [], rejected: [] };
      const broadcastSize = await prepare();
      const bound = await readBindings(messages);
      const found = messages.map((message) => receivers(message, bound.get(message.destination.exchange) ?? []));
      const lifetimes = await readLifetimes(found.flat());
      const result = { messages: [] as MessageDocument[], broadcasts: [] as BroadcastDocument[] };
      const rejected: Rejection[] = [];
      messages.forEach((message, i) => {
        const add = <T extends object>(document: T, list: T[], most: number, what: string) => {
          const size = BSON.calculateObjectSize(document);
          if (size <= most) list.push(document);
          else rejected.push({ message, reason: `it has ${size} bytes, and ${what} ${most}` });
        };
        const payload = () => encodeEnvelope(message, randomUUID());
        const { exchange, exchangeType } = message.destination;
        if (exchange !== '' && exchangeType === 'fanout') {
          const document = { _id: new ObjectId(), payload: payload(), queue: exchange };
          add(document, result.broadcasts, broadcastSize, `the collection ${options.broadcastCollection} holds`);
          return;
        }
        if (found[i]!.length === 0) rejected.push({ message, reason: 'no queue is bound to it' });
        for (const queue of found[i]!) {
          const document: MessageDocument = {
            _id: new ObjectId(),
            payload: payload(),
            queue,
            priority: MAX_PRIORITY - Math.max(0, Math.min(message.priority, MAX_PRIORITY)),
            ...(ttl && { expire_at: expiry(message, lifetimes.get(queue)) }),
            ...(isRepeatable && { beat: `${message.taskId} ${queue}` }),
          };
          add(document, result.messages, MAX_DOCUMENT, 'a document of MongoDB holds');
        }
      });
      return { ...result, rejected };
    },

    /** Inserts what has been encoded, in a transaction if there is a session, and ignores what exists already. */
    async insert({ messages, broadcasts }: Omit<Publication, 'rejected'>, session?: ClientSession): Promise<void> {
      const insertion = { ordered: false, ...(session && { session }) };
      await inBatches(messages, (batch) => messageCollection.insertMany(batch, insertion));
      await inBatches(broadcasts, (batch) => broadcastCollection.insertMany(batch, insertion));
    },

    /** Makes the index by which a message that is published again is found. */
    async indexRepeats(): Promise<void> {
      await messageCollection.createIndexes([{ key: { beat: 1 }, unique: true, sparse: true }]);
    },
  };
}

export type Kombu = ReturnType<typeof createKombu>;

/** Workers cannot read a collection of broadcasts that is not capped. Resolves with its size in bytes. */
async function prepareCollections(db: Db, options: MongodbOptions): Promise<number> {
  const { broadcastCollection: name, messagesCollection, cappedQueueSize: size } = options;
  await db.createCollection(name, { capped: true, size }).catch(ignoreExisting);
  await db.collection(messagesCollection).createIndexes([{ key: { queue: 1, priority: 1, _id: 1 } }]);
  // A worker may have made it with another size.
  const [existing] = await db.listCollections<CollectionInfo>({ name }, { nameOnly: false }).toArray();
  const found: unknown = existing?.options?.['size'];
  return typeof found === 'number' ? Math.min(found, MAX_DOCUMENT) : MAX_DOCUMENT;
}
