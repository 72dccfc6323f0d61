import type { Redis } from 'ioredis';
import { pythonIso } from '../../celery/message/parse-instant.ts';
import { readLargeDocument, readResultDocument, type TaskOutcome } from '../../celery/message/task-outcome.ts';
import { DEFAULT_TRANSPORT } from '../../contracts/broker/connection-settings.ts';
import type { ServerUrls } from '../../contracts/broker/server-url.ts';
import type {
  Outcomes,
  ResultReader,
  ResultBackend,
  ResultSettings,
  TaskResult,
  TaskResults,
} from '../../contracts/store/results.ts';
import type { Clock } from '../../util/clock.ts';
import { describeError } from '../../util/errors.ts';
import { runInSlices } from '../../util/run-in-slices.ts';
import type { Steps } from '../../util/steps.ts';
import { Connection } from './connection/connection.ts';

/** How much of a document is read first; nearly all are smaller. Bytes. */
const HEAD = 16_384;
/** How much of the end of a larger one, where Celery writes the date. Bytes. */
const TAIL = 4_096;

/** A connection to Celery's result backend, with or without sentinels. Throws a `ConfigError` for an invalid URL. */
function connect(server: ServerUrls, settings: ResultSettings, name: string): Connection {
  const { masterName, sentinelKwargs, tls } = settings;
  return new Connection({ server, transport: { ...DEFAULT_TRANSPORT, masterName, sentinelKwargs }, tls, name });
}

export function openRedisResults(server: ServerUrls, settings: ResultSettings): ResultBackend {
  const { keyPrefix, expires } = settings;
  const connection = connect(server, settings, 'beat-results');
  return {
    /**
     * STRING `celery-taskset-meta-<group id>.s`: the number of header tasks. STRING without `.s`: the shape of
     * results that are not a flat list. Celery also deletes `.c`, the mark of a completed chord. beat does not: its
     * ids belong to one run, whose chord stays completed.
     */
    async expect(chords) {
      const pairs = chords.flatMap(({ groupId, size, results }) => {
        const key = `${keyPrefix}celery-taskset-meta-${groupId}`;
        const sized: [string, string] = [`${key}.s`, String(size)];
        return results === null ? [sized] : [[key, results] as const, sized];
      });
      await connection.run('results.expect', (client) =>
        Promise.all(pairs.map(([key, value]) => setExpiring(client, key, value, expires))),
      );
    },
    close: () => connection.close(),
  };
}

function setExpiring(client: Redis, key: string, value: string, expires: number | null): Promise<unknown> {
  return expires === null ? client.set(key, value) : client.set(key, value, 'PX', expires);
}

export function openRedisTaskResults(server: ServerUrls, settings: ResultSettings): TaskResults {
  const { keyPrefix, expires, extended } = settings;
  const connection = connect(server, settings, 'beat-worker-results');
  return {
    /** STRING `celery-task-meta-<task id>`, and a message on the channel of that name, for waiting clients. */
    async store(result) {
      const key = `${keyPrefix}celery-task-meta-${result.taskId}`;
      const meta = JSON.stringify(toMeta(result, extended));
      await connection.run('results.store', async (client) => {
        await setExpiring(client, key, meta, expires);
        await client.publish(key, meta);
      });
    },
    close: () => connection.close(),
  };
}

/** The record as Celery's key-value backends store it. */
function toMeta(task: TaskResult, isExtended: boolean) {
  const { taskId, status, result, traceback, doneAt, groupId, parentId, request } = task;
  return {
    status,
    result,
    traceback,
    children: [],
    date_done: doneAt === null ? null : pythonIso(doneAt, 'UTC'),
    ...(groupId !== null && { group_id: groupId }),
    ...(parentId !== null && { parent_id: parentId }),
    ...(isExtended && request),
    task_id: taskId,
  };
}

export function openRedisResultReader(server: ServerUrls, settings: ResultSettings, clock: Clock): ResultReader {
  const { keyPrefix } = settings;
  const connection = connect(server, settings, 'beat-outcomes');
  return {
    /** STRING `celery-task-meta-<task id>`, which is absent while the task waits. */
    async read(taskIds) {
      const documents = await connection.run('outcomes.read', (client) => readDocuments(client, taskIds, keyPrefix));
      return runInSlices(decode(documents), clock);
    },
    close: () => connection.close(),
  };
}

interface Document {
  readonly taskId: string;
  readonly head: Buffer;
  /** `null` if the head is the whole document. */
  readonly tail: Buffer | null;
}

/** Reads limited parts of strings: one result may have hundreds of megabytes. */
async function readDocuments(client: Redis, taskIds: readonly string[], prefix: string): Promise<readonly Document[]> {
  // Each is one round trip.
  const readRanges = (ids: readonly string[], from: number, to: number) =>
    Promise.all(ids.map((id) => client.getrangeBuffer(`${prefix}celery-task-meta-${id}`, from, to)));
  const heads = await readRanges(taskIds, 0, HEAD - 1);
  const large = taskIds.filter((_, i) => heads[i]!.length === HEAD);
  const tails = await readRanges(large, -TAIL, -1);
  const tailOf = new Map(large.map((taskId, i) => [taskId, tails[i]!]));
  return taskIds
    .map((taskId, i) => ({ taskId, head: heads[i]!, tail: tailOf.get(taskId) ?? null }))
    .filter(({ head }) => head.length > 0);
}

/** Decodes in steps: a document takes a few milliseconds at most, but one read has many documents. */
function* decode(documents: readonly Document[]): Steps<Outcomes> {
  const ended: TaskOutcome[] = [];
  const unreadable = new Map<string, string>();
  for (const { taskId, head, tail } of documents) {
    try {
      const outcome = tail ? readLargeDocument(taskId, { head, tail }) : readResultDocument(taskId, head);
      if (outcome) ended.push(outcome);
    } catch (error) {
      unreadable.set(taskId, describeError(error));
    }
    yield;
  }
  return { ended, unreadable };
}
