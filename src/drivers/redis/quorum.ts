import type { Redis } from 'ioredis';
import Redlock, { ExecutionError, ResourceLockedError, type ExecutionResult } from 'redlock';
import { StoreError } from '../../util/errors.ts';
import type { Connection } from './connection.ts';
import { ACQUIRE, EXTEND, RELEASE } from './lock-scripts.ts';

/** What most servers answered. `divided`: some are for us and some are not, so that nobody may have won. */
export type Answer<T> = T | 'refused' | 'divided';

/**
 * An odd number of independent servers that decide by majority; one, as a rule, which is most of one.
 * A minority that is gone or silent changes nothing: the majority's answer is not held up by it.
 */
export class Quorum {
  readonly servers: readonly Connection[];
  readonly #majority: number;
  /** As redlock sees the servers, in their order. */
  readonly #voters: readonly Redis[];
  #opening: Promise<void> | undefined;

  constructor(servers: readonly Connection[]) {
    this.servers = servers;
    this.#majority = Math.floor(servers.length / 2) + 1;
    this.#voters = servers.map(({ client }) => voter(client));
  }

  /** One attempt of redlock's. Rejects when too few answered for the outcome to be known. */
  async ask<T>(operation: string, attempt: (redlock: Redlock) => Promise<T>): Promise<Answer<T>> {
    await (this.#opening ??= this.#open());
    // One per attempt, so that what it says against is about this attempt.
    const redlock = redlockOver(this.#voters);
    const against: Error[] = [];
    redlock.on('error', (error: Error) => against.push(error));
    try {
      return await attempt(redlock);
    } catch (error) {
      if (!(error instanceof ExecutionError)) throw error;
      // The very first are the attempt's own; after them come those of redlock's tidying up.
      const first = against.slice(0, this.#majority);
      if (first.length === this.#majority && first.every(isRefusal)) return 'refused';
      const { votesFor, refused, failed } = await allVotes(error);
      if (votesFor + refused.size >= this.#majority) return votesFor > 0 ? 'divided' : 'refused';
      throw this.#failure(operation, failed);
    }
  }

  /** Those of the servers that refused in an attempt that most granted, once all have voted. */
  async refusing(granted: ExecutionResult): Promise<Connection[]> {
    const { refused } = await allVotes(granted);
    return this.servers.filter((_, i) => refused.has(this.#voters[i]));
  }

  /** Resolves once most are connected, or it is known which of them are not. */
  async #open(): Promise<void> {
    // A single one is connected by its first command, which waits for it.
    if (this.servers.length === 1) return;
    await new Promise<void>((resolve) => {
      let open = 0;
      const opening = this.servers.map(({ client }) =>
        client.connect().then(() => {
          if (++open === this.#majority) resolve();
        }),
      );
      void Promise.allSettled(opening).then(() => resolve());
    });
  }

  #failure(operation: string, failed: ReadonlyMap<unknown, Error>): StoreError {
    const reasons = this.servers.flatMap((server, i) => {
      const error = failed.get(this.#voters[i]);
      return error ? [server.explain(error)] : [];
    });
    const texts = reasons.map(({ text }) => text).join('; ');
    const [first] = reasons;
    const several = this.servers.length > 1;
    const few = several ? "too few of the lock's servers answer: " : '';
    return new StoreError(`${operation}: ${few}${texts}`, {
      cause: first?.cause,
      unreachable: several ? null : (first?.unreachable ?? null),
    });
  }
}

function redlockOver(clients: Iterable<Redis>): Redlock {
  return new Redlock(
    clients,
    { retryCount: 0 },
    { acquireScript: () => ACQUIRE, extendScript: () => EXTEND, releaseScript: () => RELEASE },
  );
}

/** Redlock wants a client before it tells its scripts. */
const NOBODY = {} as unknown as Redis;

/** Redlock's scripts by their hashes. */
const TEXTS = new Map(
  Object.values(redlockOver([NOBODY]).scripts).map(({ hash, value }) => [hash, value]),
);

/**
 * A server that is sent the text of a script at once. Sent its hash first, it may not know the one to
 * acquire and know the one to release: what tidies up a try that most refused is then done before the
 * try, and the lock stays there as nobody's.
 */
function voter(client: Redis): Redis {
  const evalsha = (hash: string, keys: number, args: string[]): Promise<unknown> =>
    client.eval(TEXTS.get(hash)!, keys, args);
  return { evalsha } as unknown as Redis;
}

function isRefusal(error: Error): boolean {
  return error instanceof ResourceLockedError;
}

interface Votes {
  readonly votesFor: number;
  /** Servers that answered, and did not grant it. */
  readonly refused: ReadonlyMap<unknown, Error>;
  /** Servers that did not answer, or could not do it. */
  readonly failed: ReadonlyMap<unknown, Error>;
}

/** Once all have voted or timed out. */
async function allVotes({ attempts }: ExecutionResult): Promise<Votes> {
  const [stats] = await Promise.all(attempts);
  const against = [...(stats?.votesAgainst ?? [])];
  return {
    votesFor: stats?.votesFor.size ?? 0,
    refused: new Map(against.filter(([, vote]) => isRefusal(vote))),
    failed: new Map(against.filter(([, vote]) => !isRefusal(vote))),
  };
}
