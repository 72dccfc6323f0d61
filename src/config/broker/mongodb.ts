import { DEFAULT_MONGODB, type MongodbOptions } from '../../contracts/broker/connection-settings.ts';
import { withoutAbsent } from '../../util/keys.ts';
import { ignored, option, type ShapeOutput, whole } from '../values/option.ts';

/** The largest collection of broadcasts: 1 GiB. */
const MAX_CAPPED = 2 ** 30;

const collection = (text: string, key: keyof MongodbOptions) =>
  option.nonEmpty(`MongoDB: ${text}.`, { default: String(DEFAULT_MONGODB[key]), example: 'tasks' });

/** The options of kombu's transport for MongoDB. */
export const mongodbShape = {
  defaultDatabase: option.nonEmpty('MongoDB: the database of a URL without one.', {
    default: DEFAULT_MONGODB.defaultDatabase,
    example: 'tasks',
  }),
  messagesCollection: collection('the collection of messages', 'messagesCollection'),
  routingCollection: collection('the collection of bindings', 'routingCollection'),
  broadcastCollection: collection('the collection of messages to fanout exchanges', 'broadcastCollection'),
  queuesCollection: collection('the collection of queues that expire', 'queuesCollection'),
  cappedQueueSize: option(
    whole(4_096, MAX_CAPPED),
    'MongoDB: the size of the collection of messages to fanout exchanges, if beat creates it.',
    { unit: 'bytes', default: DEFAULT_MONGODB.cappedQueueSize, example: 1_000_000 },
  ),
  ttl: option.flag('MongoDB: whether messages expire, by the declarations of their queues and their `expiration`.', {
    default: DEFAULT_MONGODB.ttl,
  }),
  // The URL has the address and the encryption; the rest is for consumers.
  ssl: ignored(),
  connectTimeout: ignored(),
  defaultHostname: ignored(),
  defaultPort: ignored(),
  calcQueueSize: ignored(),
};

export function readMongodb(input: ShapeOutput<typeof mongodbShape>): MongodbOptions {
  const { defaultDatabase, messagesCollection, routingCollection, broadcastCollection } = input;
  const { queuesCollection, cappedQueueSize, ttl } = input;
  const names = { defaultDatabase, messagesCollection, routingCollection, broadcastCollection, queuesCollection };
  return { ...DEFAULT_MONGODB, ...withoutAbsent({ ...names, cappedQueueSize, ttl }) };
}
