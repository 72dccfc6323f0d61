import type { ResultSettings } from '../../store/results.ts';
import { DEFAULT_TRANSPORT } from '../../broker/connection-settings.ts';
import type { ChordSize } from '../../message/run-messages.ts';
import type { ResultBackend } from '../../store/results.ts';
import { Connection } from './connection.ts';

/** Milliseconds until a server that does not answer has failed. */
const TIMEOUT = 5_000;

/** Celery's result backend in the Redis of that URL, behind sentinels or not. Throws a `ConfigError` for one that leads nowhere. */
export function openRedisResults(url: string, settings: ResultSettings): ResultBackend {
  const { masterName, sentinelKwargs, tls } = settings;
  const transport = { ...DEFAULT_TRANSPORT, masterName, sentinelKwargs };
  return new RedisResults(
    new Connection({ url, transport, tls, name: 'beat-results', timeout: TIMEOUT }),
    settings,
  );
}

class RedisResults implements ResultBackend {
  readonly #connection: Connection;
  readonly #settings: ResultSettings;

  constructor(connection: Connection, settings: ResultSettings) {
    this.#connection = connection;
    this.#settings = settings;
  }

  /**
   * STRING `celery-taskset-meta-<group id>.s`: how many. STRING without `.s`: results that are no flat list.
   * Celery also deletes the mark that a chord is done, `.c`; here an id means one run, and if its chord is
   * done it is so for good.
   */
  async expect(chords: readonly ChordSize[]): Promise<void> {
    const { keyPrefix, expires } = this.#settings;
    const pairs = chords.flatMap(({ groupId, size, results }) => {
      const key = `${keyPrefix}celery-taskset-meta-${groupId}`;
      const sized: [string, string] = [`${key}.s`, String(size)];
      return results === null ? [sized] : [[key, results] as const, sized];
    });
    await this.#connection.run('results.expect', async (client) => {
      const set = (key: string, value: string) =>
        expires === null ? client.set(key, value) : client.set(key, value, 'PX', expires);
      await Promise.all(pairs.map(([key, value]) => set(key, value)));
    });
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}
