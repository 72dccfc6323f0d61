import { raw, sql } from '../sql.ts';
import { createStatements } from '../statements.ts';
import { PLACEHOLDER_LISTS, PLAIN_STATEMENTS, type Syntax } from '../syntax.ts';
import { createTables } from '../tables.ts';
import { KOMBU, nextId, TYPES } from './schema.ts';

/** Independent of the time zones of session and server. */
const MICROSECONDS = `TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))`;
const NOW = raw(`${MICROSECONDS} DIV 1000`);

/** A list is one `?`, which the client expands. */
const SYNTAX: Syntax = {
  ...PLACEHOLDER_LISTS,
  begin: raw('START TRANSACTION'),
  now: NOW,
  preciseNow: raw(`${MICROSECONDS} / 1000`),
  forUpdate: raw('FOR UPDATE'),
  greatest: raw('GREATEST'),
  true: raw('1'),
  false: raw('0'),
  isConsumed: raw('visible = 0'),
  consumedAt: raw('NOW()'),
  along: (index) => raw(`FORCE INDEX (${index})`),
  // MySQL reads two ranges of the index for this. For `(due_at, entry) > (?, ?)`, or left to choose the index itself, it
  // may read all rows before the page.
  isAfter: ({ dueAt, entry }) => sql`(due_at > ${dueAt} OR due_at = ${dueAt} AND entry > ${entry})`,
  onConflict: () => raw('ON DUPLICATE KEY UPDATE'),
  inserted: (column) => raw(`VALUES(${column})`),
  nextId,
  lastCharacters: (column, count) => raw(`RIGHT(${column}, ${count})`),
  textType: raw('CHAR'),
  quote: (name) => raw(`\`${name.replaceAll('`', '``')}\``),
  listColumns: (table) => sql`
    SELECT column_name AS name FROM information_schema.columns
    WHERE table_name = ${table} AND table_schema = DATABASE()`,
  beginReadOnly: raw('START TRANSACTION READ ONLY'),
  statements: {
    ...PLAIN_STATEMENTS,
    // An upsert would report one changed row even when it changes none.
    takeFreeLock: (prefix, token, ttl) => sql`
      INSERT INTO beat_lock (prefix, token, expires_at, ttl)
      SELECT ${prefix}, ${token}, ${NOW} + ${ttl}, ${ttl} FROM DUAL
      WHERE NOT EXISTS (SELECT 1 FROM beat_lock WHERE prefix = ${prefix})`,
    deleteOlderRows: (prefix, surplus) => sql`
      DELETE old FROM beat_history AS old JOIN (${surplus}) AS surplus ON old.entry = surplus.entry
      WHERE old.prefix = ${prefix} AND old.position <= surplus.position`,
    expireHistory: (prefix, oldest, limit) => sql`
      DELETE FROM beat_history WHERE prefix = ${prefix} AND at < ${oldest}
      ORDER BY at LIMIT ${limit}`,
    // A queue that another process declares at the same time is a duplicate: the transaction is retried and finds it.
    declareQueue: (name) => {
      const { column, value } = nextId('queue_id_sequence');
      return sql`INSERT INTO kombu_queue (${raw(column)}name) VALUES (${raw(value)}${name})`;
    },
  },
};

export const STATEMENTS = createStatements(SYNTAX);

export const SCHEMA = [...KOMBU, ...createTables(TYPES)].map(raw);
