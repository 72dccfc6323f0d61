import type { Redis } from 'ioredis';
import Redlock, { ExecutionError, ResourceLockedError, type ExecutionResult } from 'redlock';
import { StoreError } from '../../util/errors.ts';
import type { Connection } from './connection/connection.ts';
import { loadScript } from './scripts/script.ts';

const ACQUIRE = loadScript('lock-acquire');
const EXTEND = loadScript('lock-extend');
const RELEASE = loadScript('lock-release');
const SCRIPTS = { acquireScript: () => ACQUIRE.lua, extendScript: () => EXTEND.lua, releaseScript: () => RELEASE.lua };
/** The texts of the scripts by the hashes that redlock sends. */
const TEXTS = new Map([ACQUIRE, EXTEND, RELEASE].map(({ sha, lua }) => [sha, lua]));

/** The majority's answer. `divided`: neither side has a majority, so possibly no instance holds the lock. */
export type VoteResult<T> = T | 'rejected' | 'divided';

export type Quorum = ReturnType<typeof createQuorum>;

/**
 * An odd number of independent servers, usually one, that decide by majority. A minority that is unreachable or
 * slow neither changes nor delays the result.
 */
export function createQuorum(servers: readonly Connection[]) {
  const majority = Math.floor(servers.length / 2) + 1;
  /** The clients that redlock uses, in the order of the servers. */
  const voters = servers.map(({ client }) => voter(client));
  let opening: Promise<void> | undefined;

  /** Resolves when the majority is connected, or when all attempts to connect have ended. */
  const open = async (): Promise<void> => {
    // A single server is connected by its first command, which waits for the connection.
    if (servers.length === 1) return;
    await new Promise<void>((resolve) => {
      let connected = 0;
      const connecting = servers.map(({ client }) =>
        client.connect().then(() => {
          if (++connected === majority) resolve();
        }),
      );
      void Promise.allSettled(connecting).then(() => resolve());
    });
  };

  const failure = (operation: string, failed: ReadonlyMap<unknown, Error>): StoreError => {
    const reasons = servers.flatMap((server, i) => {
      const error = failed.get(voters[i]);
      return error ? [server.explain(error)] : [];
    });
    const texts = reasons.map(({ text }) => text).join('; ');
    const [first] = reasons;
    const several = servers.length > 1;
    const count = several ? `${failed.size} of ${servers.length} lock servers failed: ` : '';
    return new StoreError(`${operation}: ${count}${texts}`, {
      cause: first?.cause,
      unreachable: several ? null : (first?.unreachable ?? null),
    });
  };

  return {
    servers,

    /** Runs one attempt of redlock. Rejects when too few servers answered to know the result. */
    async vote<T>(operation: string, attempt: (redlock: Redlock) => Promise<T>): Promise<VoteResult<T>> {
      await (opening ??= open());
      // A new Redlock for each attempt, so that its errors belong to this attempt.
      const redlock = new Redlock(voters, { retryCount: 0 }, SCRIPTS);
      const against: Error[] = [];
      redlock.on('error', (error: Error) => against.push(error));
      try {
        return await attempt(redlock);
      } catch (error) {
        if (!(error instanceof ExecutionError)) throw error;
        // The first errors are those of the attempt; redlock's cleanup may add more.
        const first = against.slice(0, majority);
        if (first.length === majority && first.every(isRejection)) return 'rejected';
        const { votesFor, rejected, failed } = await allVotes(error);
        if (votesFor + rejected.size >= majority) return votesFor > 0 ? 'divided' : 'rejected';
        throw failure(operation, failed);
      }
    },

    /** Finds the servers that rejected an attempt although the majority granted it; resolves when all have voted. */
    async findRejecting(granted: ExecutionResult): Promise<Connection[]> {
      const { rejected } = await allVotes(granted);
      return servers.filter((_, i) => rejected.has(voters[i]));
    },
  };
}

/**
 * A client that always sends the text of a script. With hashes, a server may know the script that releases but
 * not the one that acquires. The cleanup of a rejected attempt would then run before the repeated acquire, and
 * leave a lock that no instance holds.
 */
function voter(client: Redis): Redis {
  const evalsha = (hash: string, keys: number, args: string[]): Promise<unknown> =>
    client.eval(TEXTS.get(hash)!, keys, args);
  return { evalsha } as unknown as Redis;
}

function isRejection(error: Error): boolean {
  return error instanceof ResourceLockedError;
}

/**
 * Resolves when all servers have voted or timed out. `rejected` are servers whose lock has another value, or none;
 * `failed` those that did not answer, or could not run the script.
 */
async function allVotes({ attempts }: ExecutionResult) {
  const [stats] = await Promise.all(attempts);
  const against = [...(stats?.votesAgainst ?? [])];
  return {
    votesFor: stats?.votesFor.size ?? 0,
    rejected: new Map<unknown, Error>(against.filter(([, vote]) => isRejection(vote))),
    failed: new Map<unknown, Error>(against.filter(([, vote]) => !isRejection(vote))),
  };
}
