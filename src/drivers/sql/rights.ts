import type { Commit } from '../../contracts/store/commit.ts';
import { raw, type Sql } from './sql.ts';
import { TABLES } from './tables.ts';

type Action = 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE' | 'USAGE';

export interface Right {
  readonly action: Action | 'CREATE';
  readonly object: string;
}

/** A right that can be probed without changing a row. */
interface ProbedRight extends Right {
  readonly action: Action;
}

export const CREATE_TABLES: Right = { action: 'CREATE', object: 'the schema' };

const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    Object.entries(TABLES).map(([table, { columns }]) => [
      table,
      Object.keys(columns).filter((name) => name !== 'position'),
    ]),
  ),
  celery_taskmeta: ['id', 'task_id', 'status', 'result', 'date_done', 'traceback'],
  kombu_queue: ['id', 'name'],
  kombu_message: ['id', 'visible', 'payload', 'version', 'queue_id'],
};

const on = (object: string, ...actions: Action[]): ProbedRight[] => actions.map((action) => ({ action, object }));

const LOCK = on('beat_lock', 'SELECT', 'INSERT', 'UPDATE', 'DELETE');
const TERM = on('beat_term', 'SELECT', 'INSERT', 'UPDATE');
const ENTRIES = on('beat_entry', 'SELECT', 'INSERT', 'UPDATE', 'DELETE');
const QUEUES = [
  ...on('kombu_queue', 'SELECT', 'INSERT'),
  ...on('queue_id_sequence', 'USAGE'),
  ...on('kombu_message', 'INSERT'),
  ...on('message_id_sequence', 'USAGE'),
];

const HISTORY = [...on('beat_history', 'INSERT'), ...on('beat_minute', 'SELECT', 'INSERT', 'UPDATE')];
const OUTBOX = on('beat_outbox', 'SELECT', 'INSERT', 'UPDATE', 'DELETE');
const FINISHED_COMMANDS = [
  ...on('beat_command', 'SELECT', 'DELETE'),
  ...on('beat_audit', 'SELECT', 'INSERT', 'UPDATE', 'DELETE'),
];

const UNACKED = on('beat_unacked', 'SELECT', 'INSERT', 'UPDATE', 'DELETE');
const REQUEUED = [...on('kombu_message', 'INSERT'), ...on('message_id_sequence', 'USAGE')];

/** Names the operation of a commit: finished commands and the history need more rights. */
export function operationOf(
  method: 'ledger.commit' | 'outbox.append',
  { commands = [] }: Commit,
  appendsHistory: boolean,
): string {
  const whole = commands.length === 0 ? method : `${method} with commands`;
  return appendsHistory ? whole + WITH_HISTORY : whole;
}

/** The end of the name of an operation that also appends to the history. */
export const WITH_HISTORY = ' with history';

export function rightsOf(operation: string): readonly ProbedRight[] {
  const base = baseOf(operation);
  return [...(REQUIRED_RIGHTS[base] ?? []), ...(base === operation ? [] : HISTORY)];
}

/** The name of an operation in messages, which do not mention the history. */
export function baseOf(operation: string): string {
  return operation.endsWith(WITH_HISTORY) ? operation.slice(0, -WITH_HISTORY.length) : operation;
}

export const REQUIRED_RIGHTS: Readonly<Record<string, readonly ProbedRight[]>> = {
  'lock.acquire': LOCK,
  'lock.renew': LOCK,
  'lock.release': LOCK,
  'ledger.load': on('beat_entry', 'SELECT'),
  // A leader that cannot renew its lock or write states would only prevent other instances from leading.
  'ledger.beginTerm': [...TERM, ...ENTRIES, ...LOCK],
  'ledger.commit': [...TERM, ...ENTRIES, ...QUEUES],
  'ledger.commit with commands': [...TERM, ...ENTRIES, ...QUEUES, ...FINISHED_COMMANDS],
  'ledger.removeState': [...TERM, ...on('beat_entry', 'SELECT', 'UPDATE')],
  // A message that cannot be removed would be published again by every term.
  'outbox.append': [...TERM, ...ENTRIES, ...OUTBOX],
  'outbox.append with commands': [...TERM, ...ENTRIES, ...OUTBOX, ...FINISHED_COMMANDS],
  'outbox.pending': on('beat_outbox', 'SELECT'),
  'outbox.remove': [...TERM, ...on('beat_outbox', 'SELECT', 'DELETE')],
  'entries.find': on('beat_entry', 'SELECT'),
  'entries.page': on('beat_entry', 'SELECT'),
  'entries.positions': on('beat_entry', 'SELECT'),
  'entries.findByPrefix': on('beat_entry', 'SELECT'),
  'ledger.findStates': on('beat_entry', 'SELECT'),
  'instances.announce': on('beat_instance', 'SELECT', 'INSERT', 'UPDATE', 'DELETE'),
  'instances.withdraw': on('beat_instance', 'SELECT', 'DELETE'),
  'instances.list': on('beat_instance', 'SELECT'),
  'broker.announce': on('beat_broadcast', 'SELECT', 'INSERT', 'DELETE'),
  'mailbox.read': on('beat_broadcast', 'SELECT'),
  'commands.append': on('beat_command', 'INSERT'),
  'commands.pending': on('beat_command', 'SELECT'),
  'commands.findAudit': on('beat_audit', 'SELECT'),
  'commands.readAudit': on('beat_audit', 'SELECT'),
  'commands.removeAudit': on('beat_audit', 'SELECT', 'DELETE'),
  'history.removeRows': on('beat_history', 'SELECT', 'DELETE'),
  'history.append': HISTORY,
  'history.read': on('beat_history', 'SELECT'),
  'history.latest': on('beat_history', 'SELECT'),
  'history.minutes': on('beat_minute', 'SELECT'),
  'broker.publish': QUEUES,
  'consumer.receive': [
    ...on('kombu_queue', 'SELECT'),
    ...on('kombu_message', 'SELECT', 'INSERT', 'UPDATE'),
    ...UNACKED,
  ],
  'consumer.ack': UNACKED,
  'consumer.renew': UNACKED,
  'consumer.requeue': [...UNACKED, ...REQUEUED],
  'consumer.restore': [...UNACKED, ...REQUEUED],
  'results.store': [...on('celery_taskmeta', 'SELECT', 'INSERT', 'UPDATE'), ...on('task_id_sequence', 'USAGE')],
  'broker.prune': on('kombu_message', 'SELECT', 'DELETE'),
};

/** A statement that fails without the right, and changes no row. */
export function probeRight({ action, object }: ProbedRight): Sql {
  const columns = (COLUMNS[object] ?? []).join(', ');
  const nulls = (COLUMNS[object] ?? []).map(() => 'NULL').join(', ');
  const [column] = (COLUMNS[object] ?? []).slice(-1);
  const text = {
    SELECT: `SELECT ${columns} FROM ${object} WHERE 1 = 0`,
    INSERT: `INSERT INTO ${object} (${columns}) SELECT ${nulls} FROM (SELECT 1) AS one WHERE 1 = 0`,
    UPDATE: `UPDATE ${object} SET ${column} = ${column} WHERE 1 = 0`,
    DELETE: `DELETE FROM ${object} WHERE 1 = 0`,
    // PostgreSQL only; MariaDB names a sequence in its error. A skipped number is harmless.
    USAGE: `SELECT nextval('${object}')`,
  }[action];
  return raw(text);
}

/** The statements that grant the rights. The right to create tables has none, because the schema is not known. */
export function grantStatements(rights: readonly Right[], user: string): readonly string[] {
  const granted = rights.filter(({ action }) => action !== 'CREATE');
  return [...Map.groupBy(granted, ({ object }) => object)].map(([object, missing]) => {
    const actions = missing.map(({ action }) => action).join(', ');
    const sequence = actions === 'USAGE' ? 'SEQUENCE ' : '';
    return `GRANT ${actions} ON ${sequence}${object} TO ${JSON.stringify(user)}`;
  });
}

/** Whether the missing rights affect only entries that are removed, or entries whose queue is not declared yet. */
export function concernsOnlySomeEntries(rights: readonly Right[]): boolean {
  return rights.every(
    ({ action, object }) =>
      (object === 'beat_entry' && action === 'DELETE') || ['kombu_queue', 'queue_id_sequence'].includes(object),
  );
}
