import { raw, sql } from '../sql.ts';
import { createStatements } from '../statements.ts';
import { ON_CONFLICT, PLACEHOLDER_LISTS, PLAIN_STATEMENTS, shareStatements, type Syntax } from '../syntax.ts';
import { createTables } from '../tables.ts';
import { KOMBU, TYPES } from './schema.ts';

/** A function of the connection: all processes that share a file run on one host, with one clock. */
const NOW = raw('beat_now()');

/** A list is one `?`, which the connection expands. */
const SYNTAX: Syntax = {
  ...PLACEHOLDER_LISTS,
  ...ON_CONFLICT,
  // The write lock comes first: a transaction that begins with a read may fail at its first write.
  begin: raw('BEGIN IMMEDIATE'),
  now: NOW,
  preciseNow: null,
  forUpdate: raw(''),
  greatest: raw('max'),
  true: raw('1'),
  false: raw('0'),
  // With the `+` SQLite walks down the index of timestamps, instead of collecting and sorting all consumed rows.
  isConsumed: raw('+visible = 0'),
  consumedAt: raw(`strftime('%Y-%m-%d %H:%M:%f000', 'now', 'localtime')`),
  along: () => raw(''),
  isAfter: ({ dueAt, entry }) => sql`(due_at, entry) > (${dueAt}, ${entry})`,
  nextId: () => ({ column: '', value: '' }),
  lastCharacters: (column, count) => raw(`substr(${column}, -${count})`),
  textType: raw('text'),
  quote: (name) => raw(`"${name.replaceAll('"', '""')}"`),
  listColumns: (table) => sql`SELECT name FROM pragma_table_info(${table})`,
  beginReadOnly: raw('BEGIN'),
  statements: {
    ...shareStatements(NOW),
    ...PLAIN_STATEMENTS,
    deleteOlderRows: (prefix, surplus) => sql`
      DELETE FROM beat_history WHERE position IN (
        SELECT old.position FROM (${surplus}) AS surplus CROSS JOIN beat_history AS old
        WHERE old.prefix = ${prefix} AND old.entry = surplus.entry
          AND old.position <= surplus.position)`,
    declareQueue: (name) => sql`INSERT INTO kombu_queue (name) VALUES (${name}) ON CONFLICT (name) DO NOTHING`,
  },
};

export const STATEMENTS = createStatements(SYNTAX);

export const TABLES = [...KOMBU, ...createTables(TYPES)];
export const SCHEMA = ['BEGIN IMMEDIATE', ...TABLES, 'COMMIT'].map(raw);
