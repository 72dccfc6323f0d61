import { snakeCase } from './spellings.ts';
import type { Report } from '../validate.ts';
import type { KeySchema } from './key-schema.ts';
import { isMap } from '../../util/is-map.ts';
import { findClosest } from '../../util/did-you-mean.ts';

/**
 * How beat treats a setting of Celery that it does not have itself: one of the workers and one without effect are
 * ignored; ignoring a rejected one would change behaviour. `why` says the reason, and what to write instead.
 */
interface Disposition {
  readonly kind: 'workers' | 'unused' | 'rejected';
  readonly why: string;
}

/** Settings of workers, results and events by family, as of Celery 5.7. */
export const WORKERS_SETTINGS: readonly string[] = [
  // `deprecated_settings` is not a setting, but Celery prints it with the settings.
  'imports include deprecated_settings',
  'broker_: channel_error_retry heartbeat_checkrate pool_acquire_timeout pool_limit read_url',
  'control_: queue_durable queue_exclusive queue_expires queue_ttl',
  'event_: queue_durable queue_exclusive queue_expires queue_ttl',
  'redis_: db host max_connections password port retry_on_timeout',
  'redis_: socket_connect_timeout socket_keepalive socket_timeout username',
  'result_: accept_content backend_always_retry backend_base_sleep_between_retries_ms',
  'result_: backend_max_retries backend_max_sleep_between_retries_ms backend_thread_safe',
  'result_: cache_max chord_expires chord_join_timeout chord_retry_interval compression exchange',
  'result_: exchange_type failure_expires persistent serializer',
  'task_: acks_late acks_on_failure acks_on_failure_or_timeout acks_on_timeout',
  'task_: allow_error_cb_on_chord_header annotations default_rate_limit eager_propagates',
  'task_: inherit_parent_priority reject_on_worker_lost remote_tracebacks retry_on_worker_lost',
  'task_: soft_time_limit store_eager_result store_errors_even_if_ignored time_limit track_started',
  'worker_: agent autoscaler cancel_long_running_tasks_on_connection_loss concurrency',
  'worker_: consumer deduplicate_successful_tasks detect_quorum_queues direct',
  'worker_: disable_prefetch disable_rate_limits enable_prefetch_count_reduction',
  'worker_: enable_remote_control enable_soft_shutdown_on_idle eta_task_limit',
  'worker_: hijack_root_logger log_color log_datefmt log_format lost_wait',
  'worker_: max_memory_per_child max_tasks_per_child pool pool_putlocks pool_restarts',
  'worker_: pool_start_method prefetch_multiplier proc_alive_timeout redirect_stdouts',
  'worker_: redirect_stdouts_level send_task_error_emails soft_shutdown_timeout state_db',
  'worker_: task_log_datefmt task_log_format timer timer_precision',
].flatMap(namesIn);

/** Families without a setting of beat: their names cannot be misspelled settings of beat. */
export const WORKERS_FAMILIES: readonly string[] = (
  'arangodb azureblockblob cache cassandra cosmosdbsql couchbase database dynamodb ' +
  'elasticsearch gcs mongodb s3 security'
).split(' ');

const RETRIES = 'beat retries without a limit, with growing pauses';

/** Settings without an effect, and why. */
export const UNUSED_SETTINGS: Readonly<Record<string, string>> = {
  beat_max_loop_interval: 'beat sleeps until the next run is due',
  beat_schedule_filename: 'the ledger stores what was sent; see stateUrl',
  beat_scheduler: 'beat is the scheduler; it does not read entries from the database of another',
  beat_sync_every: 'the ledger stores every run together with its message',
  broker_connection_max_retries: RETRIES,
  broker_connection_retry: RETRIES,
  broker_connection_retry_on_startup: RETRIES,
  redbeat_key_expiry_check: 'beat always warns about a Redis that evicts keys',
  redbeat_key_prefix: 'beat has its own ledger; for two apps in one database see keyPrefix',
  redbeat_lock_key: 'beat has its own lock; for two apps in one database see keyPrefix',
  redbeat_lock_timeout: 'see lock.ttl',
  redbeat_redis_options: 'see brokerTransportOptions',
  redbeat_redis_url: 'see stateUrl',
  redbeat_redis_use_ssl: 'see stateUrl, with rediss://',
  task_always_eager: 'a scheduler always sends tasks',
  task_publish_retry: RETRIES,
  task_publish_retry_policy: RETRIES,
  task_repr_maxlevels: 'arguments are shown three levels deep',
};

const AS_URL = 'write brokerUrl, with scheme, user, password, host, port and virtual host';

/** Settings that must not be ignored, and what to write instead. */
export const REJECTED_SETTINGS: Readonly<Record<string, string>> = Object.fromEntries(
  ['host', 'password', 'port', 'transport', 'user', 'vhost'].map((part) => [`broker_${part}`, AS_URL]),
);

/** Celery's old names that do not follow the rules of `newNames`. */
const OLD_NAMES: Readonly<Record<string, string>> = {
  celery_eager_propagates_exceptions: 'task_eager_propagates',
  celery_max_cached_results: 'result_cache_max',
  celery_redirect_stdouts: 'worker_redirect_stdouts',
  celery_redirect_stdouts_level: 'worker_redirect_stdouts_level',
  celery_result_db_short_lived_sessions: 'database_short_lived_sessions',
  celery_result_db_tablenames: 'database_table_names',
  celery_result_dburi: 'database_url',
  celery_result_engine_options: 'database_engine_options',
  celery_send_events: 'worker_send_task_events',
  celery_send_task_error_emails: 'worker_send_task_error_emails',
  celery_enable_remote_control: 'worker_enable_remote_control',
  celery_disable_rate_limits: 'worker_disable_rate_limits',
  celeryd_worker_lost_wait: 'worker_lost_wait',
  celeryd_task_soft_time_limit: 'task_soft_time_limit',
  celeryd_task_time_limit: 'task_time_limit',
};

const WORKERS = new Set(WORKERS_SETTINGS);
const FAMILY = new RegExp(`^(${WORKERS_FAMILIES.join('|')})_`);

/** How beat treats an unknown top-level key; `undefined` if Celery has no such setting either. */
export function classifyCelerySetting(key: string): Disposition | undefined {
  for (const name of newNames(key)) {
    const unused = UNUSED_SETTINGS[name];
    if (unused !== undefined) return { kind: 'unused', why: unused };
    const reason = REJECTED_SETTINGS[name];
    if (reason !== undefined) return { kind: 'rejected', why: reason };
    if (WORKERS.has(name) || FAMILY.test(name)) return { kind: 'workers', why: '' };
  }
  return undefined;
}

/** Celery's new names for a key, in Django's namespace or an old spelling. */
function newNames(key: string): string[] {
  if (key !== key.toUpperCase()) return [snakeCase(key)];
  const name = key.toLowerCase();
  const [, prefix = '', rest = name] = /^(celery|celeryd|celerybeat)_(.+)$/.exec(name) ?? [];
  const old = OLD_NAMES[name];
  if (old !== undefined) return [old];
  if (prefix === 'celeryd') return [`worker_${rest}`];
  if (prefix === 'celerybeat') return [`beat_${rest}`];
  return [name, rest, `task_${rest}`];
}

function namesIn(line: string): string[] {
  const [names = '', family = ''] = line.split(': ').reverse();
  return names.split(' ').map((name) => family + name);
}

/** Removes settings of Celery and of projects, with a warning each. Reports settings that beat cannot ignore. */
export function dropWorkerSettings(config: unknown, keys: KeySchema, report: Report, warn: Report): unknown {
  if (!isMap(config)) return config;
  const own = new Set(keys.keys);
  const workers: string[] = [];
  const projects: string[] = [];
  const kept = Object.entries(config).filter(([key, value]) => {
    if (own.has(key) || key.startsWith('x-')) return true;
    const found = classifyCelerySetting(key);
    if (!found && !isProjectSetting(key, keys)) return true;
    // Exported configurations write null for a setting that is absent.
    if (value === null) return false;
    if (!found) projects.push(key);
    else if (found.kind === 'workers') workers.push(key);
    else if (found.kind === 'rejected') report([key], `not supported: ${found.why}`);
    else warn([key], `ignored: ${found.why}`);
    return false;
  });
  if (workers.length > 0) warn([], `ignored, as settings of the workers: ${workers.join(', ')}`);
  if (projects.length > 0) warn([], `ignored: unknown settings (neither Celery's nor beat's): ${projects.join(', ')}`);
  return Object.fromEntries(kept);
}

/** One or two wrong letters in such a long name are a typing mistake. */
const MAX_MISTAKES = 2;

/** Whether a key is a project's own: under Django, projects use Celery's prefix too (`CELERY_EMAIL_BACKEND`). */
function isProjectSetting(key: string, { spellings }: KeySchema): boolean {
  if (!/^CELERY_[A-Z0-9_]+$/.test(key)) return false;
  const known = [...spellings.keys()].filter((name) => /^CELERY[A-Z]*_/.test(name));
  return findClosest(key, known, MAX_MISTAKES) === undefined;
}
