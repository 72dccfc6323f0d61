import { didYouMean } from '../../util/did-you-mean.ts';
import { DAY, parseDuration } from '../values/duration.ts';
import type { Report } from '../validate.ts';
import type { TopSettings } from '../schema.ts';
import type { ResultSettings } from '../../store/results.ts';
import { sentinelLogin } from '../broker/transport.ts';

/** Celery's result backends in which results expire by themselves (its `supports_autoexpire`). */
const FORGETFUL = new Set(
  'cache cassandra consul couchbase dynamodb redis rediss rpc sentinel'.split(' '),
);

/** Its others, those of earlier versions and of django-celery-results included. */
const KEEPING = new Set(
  (
    'amqp arangodb azureblockblob cosmosdbsql couchdb database db disabled django-cache django-db ' +
    'elasticsearch file gs mongodb riak s3'
  ).split(' '),
);

/**
 * Celery's settings of results. `override` is the environment's `CELERY_RESULT_BACKEND`, which wins. A
 * backend that is none of Celery's own may be a class of the user's, so it is worth a note, not an error.
 */
export function readResults(
  settings: TopSettings,
  override: string | undefined,
  note: Report,
): Omit<ResultSettings, 'tls'> {
  const { resultBackend, resultExpires, resultBackendTransportOptions: options } = settings;
  const backend = override ?? resultBackend;
  const name = nameOf(backend ?? 'disabled');
  if (!FORGETFUL.has(name) && !KEEPING.has(name) && !/[.:]/.test(name)) {
    const guess = didYouMean(name, [...FORGETFUL, ...KEEPING]);
    const sql = /^(postgres|mysql|mariadb|sqlite|oracle|mssql)/.test(name);
    const hint = sql ? `; a database is written db+${name}://` : guess;
    // What a flag, a variable or a file holds instead may be a password alone.
    const isShown = override === undefined || hint !== '';
    const what = isShown ? `"${name}"` : 'what is given (not shown)';
    note(['resultBackend'], `${what} is none of Celery's own result backends${hint}`);
  }
  const expires = resultExpires === undefined ? DAY : parseDuration(resultExpires);
  return {
    url: backend === undefined || name === 'disabled' ? null : backend,
    expires: expires === 0 ? null : expires,
    expiresByItself: FORGETFUL.has(moduleOf(name) ?? name),
    keyPrefix: keyPrefixOf(options?.globalKeyprefix ?? ''),
    chordOrdered: options?.resultChordOrdered ?? true,
    masterName: options?.masterName ?? null,
    sentinelKwargs: options?.sentinelKwargs ? sentinelLogin(options.sentinelKwargs) : {},
  };
}

/** As Celery reads it: `db` of `db+postgresql://…`, `redis` of `redis+socket://…`; else what stands there. */
function nameOf(backend: string): string {
  const [scheme = '', rest] = backend.split('://', 2);
  return rest === undefined ? backend : scheme.split('+', 1)[0]!;
}

/** `celery.backends.redis:RedisBackend` is the same as `redis`. */
function moduleOf(path: string): string | undefined {
  return /^celery\.backends\.(\w+)[.:]\w+$/.exec(path)?.[1];
}

/** As Celery writes it before every key. */
function keyPrefixOf(prefix: string): string {
  return prefix === '' || /[:_.-]$/.test(prefix) ? prefix : `${prefix}_`;
}
