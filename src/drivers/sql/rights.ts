import type { Sql } from './statements.ts';

type Action = 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE' | 'USAGE';

/** What a user may have to be granted. */
export interface Right {
  readonly action: Action | 'CREATE';
  /** A table, a sequence or the schema. */
  readonly object: string;
}

/** A right that can be probed without changing a row. */
interface ProbedRight extends Right {
  readonly action: Action;
}

/** The right to create the tables. */
export const CREATE_TABLES: Right = { action: 'CREATE', object: 'the schema' };

/** The columns that beat writes, by table. */
const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  beat_lock: ['prefix', 'token', 'expires_at', 'ttl'],
  beat_term: ['prefix', 'number'],
  beat_record: ['prefix', 'entry', 'record'],
  beat_outbox: ['prefix', 'id', 'message'],
  kombu_queue: ['id', 'name'],
  kombu_message: ['id', 'visible', 'payload', 'version', 'queue_id'],
};

const on = (object: string, ...actions: Action[]): ProbedRight[] =>
  actions.map((action) => ({ action, object }));

const LOCK = on('beat_lock', 'SELECT', 'INSERT', 'UPDATE', 'DELETE');
const TERM = on('beat_term', 'SELECT', 'INSERT', 'UPDATE');
const STATES = on('beat_record', 'SELECT', 'INSERT', 'UPDATE');
const QUEUES = [
  ...on('kombu_queue', 'SELECT', 'INSERT'),
  ...on('queue_id_sequence', 'USAGE'),
  ...on('kombu_message', 'INSERT'),
  ...on('message_id_sequence', 'USAGE'),
];

/** The rights that each operation needs. */
export const REQUIRED_RIGHTS: Readonly<Record<string, readonly ProbedRight[]>> = {
  'lock.acquire': LOCK,
  'lock.renew': LOCK,
  'lock.release': LOCK,
  'ledger.load': on('beat_record', 'SELECT'),
  // A leader that could not renew its lock or write states would only prevent others from leading.
  'ledger.beginTerm': [...TERM, ...STATES, ...LOCK],
  'ledger.commit': [...TERM, ...STATES, ...QUEUES],
  'ledger.removeState': [...TERM, ...on('beat_record', 'DELETE')],
  // Every term would publish a message again that cannot be removed.
  'outbox.append': [
    ...TERM,
    ...STATES,
    ...on('beat_outbox', 'SELECT', 'INSERT', 'UPDATE', 'DELETE'),
  ],
  'outbox.pending': on('beat_outbox', 'SELECT'),
  'outbox.remove': [...TERM, ...on('beat_outbox', 'SELECT', 'DELETE')],
  'broker.publish': QUEUES,
  'broker.prune': on('kombu_message', 'SELECT', 'DELETE'),
};

/** A statement that fails without the right, and changes no row. */
export function probeRight({ action, object }: ProbedRight): Sql {
  const columns = (COLUMNS[object] ?? []).join(', ');
  const [column] = (COLUMNS[object] ?? []).slice(-1);
  const text = {
    SELECT: `SELECT ${columns} FROM ${object} WHERE 1 = 0`,
    INSERT: `INSERT INTO ${object} (${columns}) SELECT ${columns} FROM ${object} WHERE 1 = 0`,
    UPDATE: `UPDATE ${object} SET ${column} = ${column} WHERE 1 = 0`,
    DELETE: `DELETE FROM ${object} WHERE 1 = 0`,
    // PostgreSQL only; MariaDB names a sequence in its error. A skipped number is harmless.
    USAGE: `SELECT nextval('${object}')`,
  }[action];
  return { text, values: [] };
}

/** `lacks INSERT on beat_record, DELETE on beat_lock` */
export function describeMissing(rights: readonly Right[]): string {
  return `lacks ${rights.map(({ action, object }) => `${action} on ${object}`).join(', ')}`;
}

/** Whether the missing rights affect only entries whose queue is not declared yet. */
export function concernsOnlyDeclarations(rights: readonly Right[]): boolean {
  return rights.every(({ object }) => object === 'kombu_queue' || object === 'queue_id_sequence');
}
