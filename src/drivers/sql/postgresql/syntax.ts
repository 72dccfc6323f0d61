import { raw, sql } from '../sql.ts';
import type { Subject } from '../dialect.ts';
import { createStatements } from '../statements.ts';
import { ON_CONFLICT, shareStatements, type Syntax } from '../syntax.ts';
import { createTables } from '../tables.ts';
import { KOMBU, TYPES, VISIBLE_ROWS } from './schema.ts';

/** The channels of notifications; the payload is the key prefix. */
export const CHANNELS = { release: 'beat_released', command: 'beat_command' } as const satisfies Record<
  Subject,
  string
>;

/** The time of the statement: `now()` would be the start of the transaction. */
const NOW = raw('floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint');

/** Instances create the tables one after the other: two "if not exists" at once can collide. */
const SERIALIZE = `SELECT pg_advisory_xact_lock(hashtext('beat: schema'))`;

const SYNTAX: Syntax = {
  ...ON_CONFLICT,
  begin: raw('BEGIN'),
  now: NOW,
  preciseNow: raw('extract(epoch FROM clock_timestamp()) * 1000'),
  forUpdate: raw('FOR UPDATE'),
  greatest: raw('greatest'),
  true: raw('true'),
  false: raw('false'),
  isConsumed: raw('visible = false'),
  consumedAt: raw('localtimestamp'),
  along: () => raw(''),
  anyOf: (column, list) => sql`${raw(column)} = ANY (${list})`,
  // Without statistics, the planner would read all rows of the prefix for `prefix = $1 AND entry = ANY ($2)`.
  named: (column, prefix, list) =>
    column === 'position'
      ? sql`prefix = ${prefix} AND position = ANY (${list})`
      : sql`(prefix, ${raw(column)}) IN (SELECT ${prefix}::text, unnest(${list}::text[]))`,
  isAfter: ({ dueAt, entry }) => sql`(due_at, entry) > (${dueAt}, ${entry})`,
  insert: ({ into, constants, columns, rows }) => {
    const names = Object.keys(columns).join(', ');
    const fixed = Object.values(constants);
    const lists = Object.values(columns).map((type) => `?::${type}[]`);
    // Ids follow the order of the list only if the rows are ordered before `nextval` is called.
    return {
      text: `INSERT INTO ${into} (${[...Object.keys(constants), names].join(', ')})
        SELECT ${[...fixed.map(({ text }) => text), names].join(', ')} FROM (
          SELECT * FROM unnest(${lists.join(', ')}) WITH ORDINALITY AS list (${names}, place)
          ORDER BY place
        ) AS ordered`,
      values: [...fixed.flatMap(({ values }) => values), ...lists.map((_, i) => rows.map((row) => row[i]))],
    };
  },
  nextId: (sequence) => ({ column: 'id, ', value: `nextval('${sequence}'), ` }),
  newestRows: (prefix, entries, limit, offset) => sql`
    SELECT list.entry, newest.position, newest.json
    FROM unnest(${entries}::text[]) AS list (entry), LATERAL (
      SELECT position, json FROM beat_history WHERE prefix = ${prefix} AND entry = list.entry
      ORDER BY prefix, entry, position DESC LIMIT ${limit} OFFSET ${offset}) AS newest`,
  lastCharacters: (column, count) => raw(`right(${column}, ${count})`),
  textType: raw('text'),
  quote: (name) => raw(`"${name.replaceAll('"', '""')}"`),
  listColumns: (table) => sql`
    SELECT column_name AS name FROM information_schema.columns
    WHERE table_name = ${table} AND table_schema = ANY (current_schemas(false))`,
  beginReadOnly: raw('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY'),
  statements: {
    ...shareStatements(NOW),
    releaseLock: (prefix, token) => sql`
      WITH released AS (
        DELETE FROM beat_lock WHERE prefix = ${prefix} AND token = ${token} RETURNING prefix)
      SELECT pg_notify('${raw(CHANNELS.release)}', prefix) FROM released`,
    // Without RETURNING, which would need the right to SELECT.
    appendCommand: (prefix, json) => sql`
      WITH appended AS (INSERT INTO beat_command (prefix, json) VALUES (${prefix}, ${json}))
      SELECT pg_notify('${raw(CHANNELS.command)}', ${prefix})`,
    deleteOlderRows: (prefix, surplus) => sql`
      DELETE FROM beat_history AS old USING (${surplus}) AS surplus
      WHERE old.prefix = ${prefix} AND old.entry = surplus.entry AND old.position <= surplus.position`,
    declareQueue: (name) => sql`
      INSERT INTO kombu_queue (id, name) VALUES (nextval('queue_id_sequence'), ${name})
      ON CONFLICT (name) DO NOTHING`,
  },
};

export const STATEMENTS = createStatements(SYNTAX);

export const SCHEMA = ['BEGIN', SERIALIZE, ...KOMBU, ...createTables(TYPES), 'COMMIT'].map(raw);
export const WORKER_INDEXES = [raw(VISIBLE_ROWS)];
