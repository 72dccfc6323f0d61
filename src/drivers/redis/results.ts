import type { ResultSettings } from '../../contracts/store/results.ts';
import { DEFAULT_TRANSPORT } from '../../contracts/broker/connection-settings.ts';
import type { ServerUrls } from '../../contracts/broker/server-url.ts';
import type { ChordSize } from '../../celery/message/run-messages.ts';
import type { ResultBackend } from '../../contracts/store/results.ts';
import { Connection } from './connection/connection.ts';

/** Milliseconds until a command without an answer fails. */
const TIMEOUT = 5_000;

/** Opens Celery's result backend in Redis, with or without sentinels. Throws a `ConfigError` for an invalid URL. */
export function openRedisResults(server: ServerUrls, settings: ResultSettings): ResultBackend {
  const { masterName, sentinelKwargs, tls } = settings;
  const transport = { ...DEFAULT_TRANSPORT, masterName, sentinelKwargs };
  return new RedisResults(
    new Connection({ server, transport, tls, name: 'beat-results', timeout: TIMEOUT }),
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
   * STRING `celery-taskset-meta-<group id>.s`: the number of header tasks. STRING without `.s`: the shape of
   * results that are not a flat list. Celery also deletes `.c`, the mark of a completed chord. beat does not: its
   * ids belong to one run, whose chord stays completed.
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
