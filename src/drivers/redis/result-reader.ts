import type { Redis } from 'ioredis';
import { DEFAULT_TRANSPORT } from '../../contracts/broker/connection-settings.ts';
import type { ServerUrls } from '../../contracts/broker/server-url.ts';
import {
  readLargeDocument,
  readResultDocument,
  type TaskOutcome,
} from '../../celery/message/task-outcome.ts';
import type { Outcomes, ResultReader } from '../../contracts/store/result-reader.ts';
import type { ResultSettings } from '../../contracts/store/results.ts';
import type { Clock } from '../../util/clock.ts';
import { describeError } from '../../util/errors.ts';
import { runInSlices } from '../../util/run-in-slices.ts';
import type { Steps } from '../../util/steps.ts';
import { Connection } from './connection/connection.ts';

/** Milliseconds until a command without an answer fails. */
const TIMEOUT = 5_000;

/** How much of a document is read first; nearly all are smaller. Bytes. */
const HEAD = 16_384;
/** How much of the end of a larger one, where Celery writes the date. Bytes. */
const TAIL = 4_096;

/** Opens Celery's result backend in Redis, to read from it. Throws a `ConfigError` for an invalid URL. */
export function openRedisResultReader(
  server: ServerUrls,
  settings: ResultSettings,
  clock: Clock,
): ResultReader {
  const { masterName, sentinelKwargs, tls, keyPrefix } = settings;
  const transport = { ...DEFAULT_TRANSPORT, masterName, sentinelKwargs };
  const name = 'beat-outcomes';
  const connection = new Connection({ server, transport, tls, name, timeout: TIMEOUT });
  return {
    /** STRING `celery-task-meta-<task id>`, which is absent while the task waits. */
    async read(taskIds) {
      const documents = await connection.run('outcomes.read', (client) =>
        readDocuments(
          client,
          taskIds.map((id) => [id, `${keyPrefix}celery-task-meta-${id}`]),
        ),
      );
      return runInSlices(decode(documents), clock);
    },
    close: () => connection.close(),
  };
}

type TaskKey = readonly [taskId: string, key: string];

/** What was read of a result. */
interface Document {
  readonly taskId: string;
  readonly head: Buffer;
  /** `null` if the head is all of it. */
  readonly tail: Buffer | null;
}

/** Reads limited parts of strings: one result may have hundreds of megabytes. */
async function readDocuments(
  client: Redis,
  keys: readonly TaskKey[],
): Promise<readonly Document[]> {
  const heads = await readRanges(client, keys, 0, HEAD - 1);
  const large = keys.filter((_, i) => heads[i]!.length === HEAD);
  const tails = await readRanges(client, large, -TAIL, -1);
  const tailOf = new Map(large.map(([taskId], i) => [taskId, tails[i]!]));
  return keys
    .map(([taskId], i) => ({ taskId, head: heads[i]!, tail: tailOf.get(taskId) ?? null }))
    .filter(({ head }) => head.length > 0);
}

/** Each document takes a few milliseconds at most, but one read asks for many. */
function* decode(documents: readonly Document[]): Steps<Outcomes> {
  const ended: TaskOutcome[] = [];
  const unreadable = new Map<string, string>();
  for (const { taskId, head, tail } of documents) {
    try {
      const outcome = tail
        ? readLargeDocument(taskId, { head, tail })
        : readResultDocument(taskId, head);
      if (outcome) ended.push(outcome);
    } catch (error) {
      unreadable.set(taskId, describeError(error));
    }
    yield;
  }
  return { ended, unreadable };
}

/** One round trip. */
async function readRanges(
  client: Redis,
  keys: readonly TaskKey[],
  from: number,
  to: number,
): Promise<readonly Buffer[]> {
  return Promise.all(keys.map(([, key]) => client.getrangeBuffer(key, from, to)));
}
