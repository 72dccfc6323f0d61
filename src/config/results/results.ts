import { sentinelLogin, masterName, sentinelKwargs } from '../broker/connection.ts';
import { useSsl } from '../broker/tls.ts';
import { ignored, option, type ShapeOutput, duration, map, parseDuration, mapOf } from '../values/option.ts';
import { DAY } from '../../schedule/instants.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import type { Report } from '../validate.ts';
import { parseEndpoint } from '../../drivers/endpoint.ts';
import type { ResultOptions } from '../../drivers/open-store.ts';
import { explainUnreadable, RESULT_BACKENDS } from '../../drivers/open-results.ts';

const resultTransport = mapOf(
  'ResultTransportConfig',
  {
    globalKeyprefix: option.text('Prefix of every key; `_` is appended unless it ends in one of `: _ - .`.', {
      default: '',
      example: 'shop_',
    }),
    masterName: masterName(),
    sentinelKwargs: sentinelKwargs(),
    minOtherSentinels: ignored(),
    resultChordOrdered: option.flag("Whether a chord's body receives the results in the order of its tasks.", {
      default: true,
    }),
    retryPolicy: ignored(map()),
    visibilityTimeout: ignored(),
  },
  { description: "Celery's `result_backend_transport_options`." },
);

/** Where workers store what tasks return. beat writes there only what a chord needs. */
export const resultsShape = {
  resultBackend: option.nonEmpty(
    'Where workers store results, as they have it: `redis://localhost/1`, `db+postgresql://…`, `rpc://`.',
    { otherwise: 'none', example: 'redis://localhost:6379/1' },
  ),
  resultExpires: option(
    duration().nullable(),
    'How long results are stored; `null` or 0 is for ever. If the backend does not expire them itself, ' +
      'beat sends `celery.backend_cleanup` every night, as celery beat does.',
    { default: '1d', example: '1h' },
  ),
  resultExtended: option.flag(
    'Whether `beat worker` stores name, arguments, worker, retries and queue of a task with its result.',
    { default: false },
  ),
  redisBackendUseSsl: option(
    useSsl(),
    'As `brokerUseSsl`, for a result backend in Redis, where beat writes the sizes of chords.',
    { default: false, example: { sslCaCerts: '/etc/ssl/ca.pem' } },
  ),
  resultBackendTransportOptions: option(resultTransport, 'Options of the result backend.', {
    example: { globalKeyprefix: 'shop_' },
  }),
};

/** Celery's result backends in which results expire by themselves (its `supports_autoexpire`). */
const EXPIRING = new Set('cache cassandra consul couchbase dynamodb redis rediss rpc sentinel'.split(' '));

/** Its other result backends, including those of earlier versions and of django-celery-results. */
const PERMANENT = new Set(
  (
    'amqp arangodb azureblockblob cosmosdbsql couchdb database db disabled django-cache django-db ' +
    'elasticsearch file gs mongodb riak s3'
  ).split(' '),
);

/** Reads the settings of results; `override` wins. An unknown backend may be the user's class, so it is only a warning. */
export function readResults(
  settings: Omit<ShapeOutput<typeof resultsShape>, 'redisBackendUseSsl'>,
  override: string | undefined,
  warn: Report,
): Omit<ResultOptions, 'tls'> {
  const { resultBackend, resultExpires, resultExtended = false } = settings;
  const { resultBackendTransportOptions: options } = settings;
  const backend = override ?? resultBackend;
  const name = backendName(backend ?? 'disabled');
  if (!isKnown(name)) {
    const guess = didYouMean(name, [...EXPIRING, ...PERMANENT]);
    const sql = /^(postgres|mysql|mariadb|sqlite|oracle|mssql)/.test(name);
    const hint = sql ? `; a database is written db+${name}://` : guess;
    // The value of a flag or variable may be a password.
    const isShown = override === undefined || hint !== '';
    const what = isShown ? `"${name}"` : 'what is given (not shown)';
    warn(['resultBackend'], `${what} is none of Celery's own result backends${hint}`);
  }
  const expires = resultExpires === undefined ? DAY : parseDuration(resultExpires);
  const { globalKeyprefix: prefix = '' } = options ?? {};
  return {
    backend: backend === undefined || name === 'disabled' ? null : parseEndpoint(backend),
    expires: expires === 0 ? null : expires,
    // `celery.backends.redis:RedisBackend` is the same as `redis`.
    expiresByItself: EXPIRING.has(/^celery\.backends\.(\w+)[.:]\w+$/.exec(name)?.[1] ?? name),
    extended: resultExtended,
    // The prefix that Celery puts before every key.
    keyPrefix: prefix === '' || /[:_.-]$/.test(prefix) ? prefix : `${prefix}_`,
    chordOrdered: options?.resultChordOrdered ?? true,
    masterName: options?.masterName ?? null,
    sentinelKwargs: options?.sentinelKwargs ? sentinelLogin(options.sentinelKwargs) : {},
  };
}

/** Whether the name is a backend of Celery or a user's class. */
function isKnown(name: string): boolean {
  return EXPIRING.has(name) || PERMANENT.has(name) || /[.:]/.test(name);
}

/** The name as Celery reads it: `db` in `db+postgresql://…`; text without a scheme is the name. */
function backendName(backend: string): string {
  const [scheme = '', rest] = backend.split('://', 2);
  return rest === undefined ? backend : scheme.split('+', 1)[0]!;
}

export const outcomesShape = {
  outcomes: option.flag(
    'Whether the leader reads the outcomes of runs from `resultBackend`. See [outcomes](outcomes.md).',
    { default: true },
  ),
};

/** Whether the leader reads outcomes. Only warns of a backend that it cannot read: tasks are published all the same. */
export function readOutcomes(
  { outcomes = true }: { readonly outcomes?: boolean | undefined },
  { backend }: Pick<ResultOptions, 'backend'>,
  warn: Report,
): boolean {
  if (!outcomes || backend === null) return false;
  const reason = explainUnreadable(backend);
  // Another warning reports a backend that Celery does not have.
  if (reason !== null && isKnown(backendName(backend.url))) {
    warn(['resultBackend'], `${reason}; "outcomes: false" hides this warning`);
  }
  return reason === null;
}

/** Why the outcomes of an entry that limits overlap cannot be read; `null` if they can. */
export function explainNoOutcomes({ backend }: Pick<ResultOptions, 'backend'>, areRead: boolean): string | null {
  if (areRead) return null;
  const needs = `needs the outcomes of earlier runs, from a resultBackend of ${RESULT_BACKENDS}`;
  if (backend === null) return `${needs}; there is none`;
  return explainUnreadable(backend) === null
    ? 'needs the outcomes of earlier runs; "outcomes" is false'
    : `${needs}; got ${backend.masked}`;
}

export const BACKEND_CLEANUP = 'celery.backend_cleanup';

/**
 * Whether Celery's beat would install the cleanup entry: results expire, and the backend does not delete them itself.
 * Without a named backend it is installed too, unless there are only shell entries, which need no Celery worker.
 */
export function needsCleanup(
  { backend, expires, expiresByItself }: ResultOptions,
  { areShell }: { readonly areShell: boolean },
): boolean {
  return expires !== null && !expiresByItself && !(backend === null && areShell);
}

/** The entry as a user would write it. */
export const CLEANUP_ENTRY = {
  task: BACKEND_CLEANUP,
  schedule: { crontab: { minute: 0, hour: 4 } },
  options: { expires: 12 * 3_600 },
} as const;

export function explainCleanup(report: Report): Report {
  return (path, message) => report(path, `${message} (${ADDED})`);
}

const ADDED =
  'beat adds this entry, as Celery does: "resultExpires: null" leaves it out, taskRoutes sends it where you like';
