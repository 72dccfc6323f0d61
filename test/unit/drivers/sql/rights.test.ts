import { expect, test } from 'vitest';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import type { Broker } from '../../../../src/contracts/broker/broker.ts';
import type { CommandLog } from '../../../../src/contracts/store/command-log.ts';
import type { Mailbox } from '../../../../src/contracts/broker/mailbox.ts';
import { storeOptions } from '../../../contract/test-store.ts';
import { createBroker } from '../../../../src/drivers/sql/broker.ts';
import { createCommandLog } from '../../../../src/drivers/sql/command-log.ts';
import { Database } from '../../../../src/drivers/sql/database.ts';
import { createHistory, type SqlHistory } from '../../../../src/drivers/sql/history.ts';
import { createInstances } from '../../../../src/drivers/sql/instances.ts';
import { createLedger } from '../../../../src/drivers/sql/ledger.ts';
import { createLock } from '../../../../src/drivers/sql/lock.ts';
import { createPolledQueues } from '../../../../src/drivers/sql/consumer.ts';
import { createSqlDriver } from '../../../../src/drivers/sql/driver.ts';
import type { SqlDialect } from '../../../../src/drivers/sql/dialect.ts';
import { parseEndpoint } from '../../../../src/drivers/endpoint.ts';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import type { TaskResult, TaskResults } from '../../../../src/contracts/store/results.ts';
import { STATEMENTS } from '../../../../src/drivers/sql/postgresql/syntax.ts';
import { createPrune, type Prune } from '../../../../src/drivers/sql/messages.ts';
import { createEntries, type SqlEntries } from '../../../../src/drivers/sql/entries.ts';
import {
  concernsOnlySomeEntries,
  CREATE_TABLES,
  grantStatements,
  REQUIRED_RIGHTS,
  probeRight,
} from '../../../../src/drivers/sql/rights.ts';
import { Queues } from '../../../../src/celery/routing/queues.ts';
import { DEFAULT_HISTORY, type EntryRow } from '../../../../src/contracts/store/history.ts';
import type { Announcement, Instances } from '../../../../src/contracts/store/instances.ts';
import type { Lease, Lock } from '../../../../src/contracts/store/lock.ts';
import { makeFirstRun } from '../../../support/change.ts';
import { makeMessage } from '../../../support/message.ts';

const { results: RESULTS } = resolveSettings({});

const RESULT: TaskResult = {
  taskId: 'id',
  status: 'STARTED',
  result: null,
  traceback: null,
  doneAt: null,
  groupId: null,
  parentId: null,
  request: { name: 'shell.run', args: [], kwargs: {}, worker: 'beat@host', retries: 0, queue: 'shell' },
};

/** A store on a server that rejects every statement but the begin and the end of a transaction. */
class DeniedStore {
  readonly warnings: (string | null)[] = [];
  readonly lock: Lock;
  readonly ledger: ReturnType<typeof createLedger>;
  readonly broker: Broker;
  readonly prune: Prune;
  readonly commands: CommandLog;
  readonly entries: SqlEntries;
  readonly instances: Instances;
  readonly queues: ReturnType<typeof createPolledQueues>;
  readonly results: TaskResults;
  readonly history: SqlHistory;
  readonly mailbox: Mailbox;
  #isDenied = false;

  constructor() {
    const clock = new ManualClock('2027-03-01T12:00:00Z');
    const ends = [STATEMENTS.begin, STATEMENTS.commit, STATEMENTS.rollback].map(({ text }) => text);
    const dialect: SqlDialect = {
      name: 'SQL',
      location: 'here',
      user: 'me',
      listen: null,
      sql: STATEMENTS,
      schema: [],
      workerIndexes: [],
      file: null,
      mask: (text) => text,
      classifyError: () => 'denied',
      connect: async () => ({
        usable: true,
        run: async ({ text }) => {
          if (this.#isDenied && !ends.includes(text)) throw new Error('denied');
          return { rows: [], changes: 1 };
        },
        close: async () => {},
      }),
    };
    const db = new Database(dialect, 'test', 1_000, clock);
    const shared = { db, prefix: 'beat' };
    const queues = new Queues();
    this.lock = createLock(db, 'beat', 1_000, null, clock);
    this.commands = createCommandLog(db, 'beat', null, clock);
    this.entries = createEntries(db, 'beat');
    this.instances = createInstances(db, 'beat');
    this.queues = createPolledQueues(db, ['a']);
    const server = parseEndpoint('sqla+postgresql://');
    const driver = createSqlDriver({ createDialect: () => dialect, normalize: () => 'here', resultTables: [] });
    this.results = driver.openTaskResults(server, RESULTS, clock);
    this.prune = createPrune(db, (_, text) => this.warnings.push(text));
    this.history = createHistory(db, 'beat', DEFAULT_HISTORY, clock);
    const { transport, connection } = storeOptions('sqla+postgresql://');
    const where = { server, transport, connection, exchange: 'celery.pidbox', queue: 'q' };
    this.mailbox = driver.openMailbox({ ...where, clock });
    this.ledger = createLedger({
      ...shared,
      entries: this.entries,
      prune: this.prune,
      queues,
      history: this.history,
      isFile: false,
    });
    this.broker = createBroker(db, this.prune, queues);
  }

  deny(): void {
    this.#isDenied = true;
  }
}

const NOBODY = { receive: () => null, connected: () => {}, signal: new AbortController().signal };

async function catchMessage(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'it resolved',
    (error: unknown) => String(error),
  );
}

const CHANGES = [makeFirstRun('a')];
const ROW: EntryRow = {
  entry: 'a',
  row: { kind: 'skip', first: 1, last: 1, count: 1, reason: 'missed', at: 1, term: 1 },
};
const ANNOUNCEMENT: Announcement = {
  id: 'one',
  host: 'a',
  pid: 1,
  version: '1',
  role: 'leader',
  term: 1,
  startedAt: 0,
  skewMs: null,
};
const COMMANDS = [{ key: '1', id: 'one', audit: '{}' }];

/** Every operation that names the rights it lacks, with the error of one that lacks all of them. */
const OPERATIONS: Record<string, (store: DeniedStore, lease: Lease) => Promise<string>> = {
  'lock.acquire': ({ lock }) => catchMessage(lock.acquire()),
  'lock.renew': (_, lease) => catchMessage(lease.renew()),
  'lock.release': (_, lease) => catchMessage(lease.release()),
  'ledger.load': ({ ledger }) => catchMessage(ledger.load()),
  'ledger.beginTerm': ({ ledger }) => catchMessage(ledger.beginTerm()),
  'ledger.commit': ({ ledger }) => catchMessage(ledger.commit({ token: 1, changes: CHANGES })),
  'ledger.commit with commands': ({ ledger }) =>
    catchMessage(ledger.commit({ token: 1, changes: CHANGES, commands: COMMANDS })),
  'ledger.removeState': ({ ledger }) => catchMessage(ledger.removeState(1, 'a')),
  'outbox.append': ({ ledger }) => catchMessage(ledger.append({ token: 1, changes: CHANGES })),
  'outbox.append with commands': ({ ledger }) =>
    catchMessage(ledger.append({ token: 1, changes: CHANGES, commands: COMMANDS })),
  'outbox.pending': ({ ledger }) => catchMessage(ledger.pending(1, '')),
  'outbox.remove': ({ ledger }) => catchMessage(ledger.remove(1, [])),
  'entries.find': ({ entries }) => catchMessage(entries.find(['a'])),
  'entries.page': ({ entries }) => catchMessage(entries.page({ limit: 1 })),
  'entries.positions': ({ entries }) => catchMessage(entries.positions({ limit: 1 })),
  'entries.findByPrefix': ({ entries }) => catchMessage(entries.findByPrefix('a', { limit: 1 })),
  'ledger.findStates': ({ ledger }) => catchMessage(ledger.findStates(['a'], () => {})),
  'instances.announce': ({ instances }) => catchMessage(instances.announce(ANNOUNCEMENT)),
  'instances.withdraw': ({ instances }) => catchMessage(instances.withdraw('one')),
  'instances.list': ({ instances }) => catchMessage(instances.list()),
  'broker.announce': ({ broker }) => catchMessage(broker.announce([makeMessage('one')])),
  'mailbox.read': ({ mailbox }) => catchMessage(mailbox.serve(NOBODY)),
  'commands.append': ({ commands }) => catchMessage(commands.append('{}')),
  'commands.pending': ({ commands }) => catchMessage(commands.pending(1)),
  'commands.findAudit': ({ commands }) => catchMessage(commands.findAudit(['one'])),
  'commands.readAudit': ({ commands }) => catchMessage(commands.readAudit(1)),
  'commands.removeAudit': ({ commands }) => catchMessage(commands.removeAudit('one')),
  'history.removeRows': ({ history }) => catchMessage(history.removeRows('a', ['1'])),
  'history.append': ({ history }) => catchMessage(history.append([ROW])),
  'history.read': ({ history }) => catchMessage(history.read('a', { limit: 1 })),
  'history.latest': ({ history }) => catchMessage(history.latest(['a'], 1)),
  'history.minutes': ({ history }) => catchMessage(history.minutes(0, 1)),
  'broker.publish': ({ broker }) => catchMessage(broker.publish([makeMessage('one')])),
  'consumer.receive': ({ queues }) => catchMessage(queues.take(new AbortController().signal)),
  'consumer.ack': ({ queues }) => catchMessage(queues.ack('tag')),
  'consumer.renew': ({ queues }) => catchMessage(queues.renew(['tag'])),
  'consumer.requeue': ({ queues }) => catchMessage(queues.requeue('tag')),
  'consumer.restore': ({ queues }) => catchMessage(queues.restore()),
  'results.store': ({ results }) => catchMessage(results.store(RESULT)),
  'broker.prune': async ({ prune, warnings }) => {
    await prune(1);
    return String(warnings);
  },
};

const LOCK = 'SELECT on beat_lock, INSERT on beat_lock, UPDATE on beat_lock, DELETE on beat_lock';
const TERM = 'SELECT on beat_term, INSERT on beat_term, UPDATE on beat_term';
const ENTRIES = 'SELECT on beat_entry, INSERT on beat_entry, UPDATE on beat_entry, DELETE on beat_entry';
const QUEUES =
  'SELECT on kombu_queue, INSERT on kombu_queue, USAGE on queue_id_sequence, ' +
  'INSERT on kombu_message, USAGE on message_id_sequence';
const OUTBOX = 'SELECT on beat_outbox, INSERT on beat_outbox, UPDATE on beat_outbox, DELETE on beat_outbox';
const FINISHED =
  'SELECT on beat_command, DELETE on beat_command, ' +
  'SELECT on beat_audit, INSERT on beat_audit, UPDATE on beat_audit, DELETE on beat_audit';

const HISTORY = 'INSERT on beat_history, SELECT on beat_minute, INSERT on beat_minute, UPDATE on beat_minute';

const UNACKED = 'SELECT on beat_unacked, INSERT on beat_unacked, UPDATE on beat_unacked, DELETE on beat_unacked';
const REQUEUED = 'INSERT on kombu_message, USAGE on message_id_sequence';

test.each([
  ['lock.acquire', LOCK],
  ['lock.renew', LOCK],
  ['lock.release', LOCK],
  ['ledger.load', 'SELECT on beat_entry'],
  ['ledger.beginTerm', `${TERM}, ${ENTRIES}, ${LOCK}, ${HISTORY}`],
  ['ledger.commit', `${TERM}, ${ENTRIES}, ${QUEUES}`],
  ['ledger.commit with commands', `${TERM}, ${ENTRIES}, ${QUEUES}, ${FINISHED}`],
  ['ledger.removeState', `${TERM}, SELECT on beat_entry, UPDATE on beat_entry`],
  ['outbox.append', `${TERM}, ${ENTRIES}, ${OUTBOX}`],
  ['outbox.append with commands', `${TERM}, ${ENTRIES}, ${OUTBOX}, ${FINISHED}`],
  ['outbox.pending', 'SELECT on beat_outbox'],
  ['outbox.remove', `${TERM}, SELECT on beat_outbox, DELETE on beat_outbox`],
  ['entries.find', 'SELECT on beat_entry'],
  ['entries.page', 'SELECT on beat_entry'],
  ['entries.positions', 'SELECT on beat_entry'],
  ['entries.findByPrefix', 'SELECT on beat_entry'],
  ['ledger.findStates', 'SELECT on beat_entry'],
  [
    'instances.announce',
    'SELECT on beat_instance, INSERT on beat_instance, UPDATE on beat_instance, DELETE on beat_instance',
  ],
  ['instances.withdraw', 'SELECT on beat_instance, DELETE on beat_instance'],
  ['instances.list', 'SELECT on beat_instance'],
  ['broker.announce', 'SELECT on beat_broadcast, INSERT on beat_broadcast, DELETE on beat_broadcast'],
  ['mailbox.read', 'SELECT on beat_broadcast'],
  ['commands.append', 'INSERT on beat_command'],
  ['commands.pending', 'SELECT on beat_command'],
  ['commands.findAudit', 'SELECT on beat_audit'],
  ['commands.readAudit', 'SELECT on beat_audit'],
  ['commands.removeAudit', 'SELECT on beat_audit, DELETE on beat_audit'],
  ['history.removeRows', 'SELECT on beat_history, DELETE on beat_history'],
  ['history.append', HISTORY],
  ['history.read', 'SELECT on beat_history'],
  ['history.latest', 'SELECT on beat_history'],
  ['history.minutes', 'SELECT on beat_minute'],
  ['broker.publish', QUEUES],
  [
    'consumer.receive',
    'SELECT on kombu_queue, SELECT on kombu_message, INSERT on kombu_message, ' + `UPDATE on kombu_message, ${UNACKED}`,
  ],
  ['consumer.ack', UNACKED],
  ['consumer.renew', UNACKED],
  ['consumer.requeue', `${UNACKED}, ${REQUEUED}`],
  ['consumer.restore', `${UNACKED}, ${REQUEUED}`],
  [
    'results.store',
    'SELECT on celery_taskmeta, INSERT on celery_taskmeta, UPDATE on celery_taskmeta, ' + 'USAGE on task_id_sequence',
  ],
  ['broker.prune', 'SELECT on kombu_message, DELETE on kombu_message'],
])('sql rights: the error of %s names every missing right', async (operation, rights) => {
  const store = new DeniedStore();
  const lease = (await store.lock.acquire())!;
  store.deny();
  const message = await OPERATIONS[operation]!(store, lease);
  expect(message).toContain(`${operation}: SQL refused: user "me" lacks ${rights}: denied (here)`);
});

test('sql rights: a commit with history also needs the right to append to it', async () => {
  const store = new DeniedStore();
  store.deny();
  const changes = [{ ...CHANGES[0]!, history: [ROW.row] }];
  const commit = await catchMessage(store.ledger.commit({ token: 1, changes }));
  expect(commit).toContain(`lacks ${TERM}, ${ENTRIES}, ${QUEUES}, ${HISTORY}`);
});

test('sql rights: each list of rights belongs to an operation of the store', () => {
  expect(Object.keys(REQUIRED_RIGHTS)).toEqual(Object.keys(OPERATIONS));
});

test.each([
  ['SELECT', 'beat_lock', 'SELECT prefix, token, expires_at, ttl FROM beat_lock WHERE 1 = 0'],
  [
    'INSERT',
    'beat_term',
    'INSERT INTO beat_term (prefix, number) SELECT NULL, NULL FROM (SELECT 1) AS one WHERE 1 = 0',
  ],
  ['UPDATE', 'beat_outbox', 'UPDATE beat_outbox SET message = message WHERE 1 = 0'],
  ['SELECT', 'kombu_queue', 'SELECT id, name FROM kombu_queue WHERE 1 = 0'],
  ['SELECT', 'kombu_message', 'SELECT id, visible, payload, version, queue_id FROM kombu_message WHERE 1 = 0'],
  [
    'SELECT',
    'celery_taskmeta',
    'SELECT id, task_id, status, result, date_done, traceback FROM celery_taskmeta WHERE 1 = 0',
  ],
  ['SELECT', 'beat_command', 'SELECT prefix, json FROM beat_command WHERE 1 = 0'],
  ['UPDATE', 'beat_audit', 'UPDATE beat_audit SET json = json WHERE 1 = 0'],
  ['SELECT', 'beat_audit', 'SELECT prefix, id, json FROM beat_audit WHERE 1 = 0'],
  ['UPDATE', 'beat_entry', 'UPDATE beat_entry SET due_at = due_at WHERE 1 = 0'],
  ['SELECT', 'beat_entry', 'SELECT prefix, entry, state, definition, due_at FROM beat_entry WHERE 1 = 0'],
  ['DELETE', 'kombu_message', 'DELETE FROM kombu_message WHERE 1 = 0'],
  ['USAGE', 'queue_id_sequence', `SELECT nextval('queue_id_sequence')`],
] as const)(
  'sql rights: the probe of %s on %s uses the columns of beat, and changes no row',
  (action, object, text) => {
    expect(probeRight({ action, object })).toEqual({ text, values: [] });
  },
);

test.each([
  [['kombu_queue'], true],
  [['kombu_queue', 'queue_id_sequence'], true],
  [['kombu_queue', 'kombu_message'], false],
  [['beat_entry', 'kombu_queue'], false],
  [['beat_entry', 'beat_term'], false],
  [['message_id_sequence'], false],
])('sql rights: missing rights on %j concern only undeclared queues: %j', (objects, expected) => {
  const missingRights = objects.map((object) => ({ action: 'INSERT', object }) as const);
  expect(concernsOnlySomeEntries(missingRights)).toBe(expected);
});

test('sql rights: a missing right to delete entries concerns only those that are removed', () => {
  const [object, action] = ['beat_entry', 'DELETE'] as const;
  expect(concernsOnlySomeEntries([{ action, object }])).toBe(true);
});

test('sql rights: a statement to grant names all missing actions on a table, and quotes the user', () => {
  const rights = [
    { action: 'INSERT', object: 'kombu_queue' },
    { action: 'USAGE', object: 'queue_id_sequence' },
    { action: 'SELECT', object: 'kombu_queue' },
  ] as const;
  expect(grantStatements(rights, 'me-too')).toEqual([
    'GRANT INSERT, SELECT ON kombu_queue TO "me-too"',
    'GRANT USAGE ON SEQUENCE queue_id_sequence TO "me-too"',
  ]);
  expect(grantStatements([CREATE_TABLES], 'me')).toEqual([]);
});
