import type { Sql } from './statements.ts';

type Action = 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE' | 'USAGE';

/** What a user may have to be granted. */
export interface Right {
  readonly action: Action | 'CREATE';
  /** A table, a sequence or the schema. */
  readonly object: string;
}

/** One that can be tried without a change. */
interface TriedRight extends Right {
  readonly action: Action;
}

/** What it takes to make the tables. */
export const MAKE_TABLES: Right = { action: 'CREATE', object: 'the schema' };

/** The columns that beat writes, by table. */
const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  beat_lock: ['prefix', 'token', 'expires_at', 'ttl'],
  beat_term: ['prefix', 'number'],
  beat_record: ['prefix', 'entry', 'record'],
  beat_outbox: ['prefix', 'id', 'message'],
  kombu_queue: ['id', 'name'],
  kombu_message: ['id', 'visible', 'payload', 'version', 'queue_id'],
};

const on = (object: string, ...actions: Action[]): TriedRight[] =>
  actions.map((action) => ({ action, object }));

const LOCK = on('beat_lock', 'SELECT', 'INSERT', 'UPDATE', 'DELETE');
const TERM = on('beat_term', 'SELECT', 'INSERT', 'UPDATE');
const RECORDS = on('beat_record', 'SELECT', 'INSERT', 'UPDATE');
const QUEUES = [
  ...on('kombu_queue', 'SELECT', 'INSERT'),
  ...on('queue_id_sequence', 'USAGE'),
  ...on('kombu_message', 'INSERT'),
  ...on('message_id_sequence', 'USAGE'),
];

/** The rights that each operation needs; what is not listed needs none that could be named. */
export const NEEDED: Readonly<Record<string, readonly TriedRight[]>> = {
  'lock.acquire': LOCK,
  'lock.renew': LOCK,
  'lock.release': LOCK,
  'ledger.load': on('beat_record', 'SELECT'),
  // A leader that could not keep its lock or write its records would only keep others from leading.
  'ledger.beginTerm': [...TERM, ...RECORDS, ...LOCK],
  'ledger.commit': [...TERM, ...RECORDS, ...QUEUES],
  'ledger.removeState': [...TERM, ...on('beat_record', 'DELETE')],
  // A message that could not be removed would be published by every term anew.
  'outbox.append': [
    ...TERM,
    ...RECORDS,
    ...on('beat_outbox', 'SELECT', 'INSERT', 'UPDATE', 'DELETE'),
  ],
  'outbox.pending': on('beat_outbox', 'SELECT'),
  'outbox.remove': [...TERM, ...on('beat_outbox', 'SELECT', 'DELETE')],
  'broker.publish': QUEUES,
  'broker.prune': on('kombu_message', 'SELECT', 'DELETE'),
};

/** A statement that fails without the right and else changes no row. */
export function probeOf({ action, object }: TriedRight): Sql {
  const columns = (COLUMNS[object] ?? []).join(', ');
  const [column] = (COLUMNS[object] ?? []).slice(-1);
  const text = {
    SELECT: `SELECT ${columns} FROM ${object} WHERE 1 = 0`,
    INSERT: `INSERT INTO ${object} (${columns}) SELECT ${columns} FROM ${object} WHERE 1 = 0`,
    UPDATE: `UPDATE ${object} SET ${column} = ${column} WHERE 1 = 0`,
    DELETE: `DELETE FROM ${object} WHERE 1 = 0`,
    // PostgreSQL's. It takes a number, which is no harm. MariaDB names sequences in its own words.
    USAGE: `SELECT nextval('${object}')`,
  }[action];
  return { text, values: [] };
}

/** `lacks INSERT on beat_record, DELETE on beat_lock` */
export function lackingText(rights: readonly Right[]): string {
  return `lacks ${rights.map(({ action, object }) => `${action} on ${object}`).join(', ')}`;
}

/** Whether only entries with a queue that is not declared yet suffer from it. */
export function isAboutQueues(rights: readonly Right[]): boolean {
  return rights.every(({ object }) => object === 'kombu_queue' || object === 'queue_id_sequence');
}
