import type { Subject } from '../dialect.ts';
import { COUNTERS, placeOfMinute } from '../../../contracts/store/minutes.ts';
import type { Sql, Statements } from '../statements.ts';
import { SCHEMA, VISIBLE_ROWS } from './schema.ts';

/** The channels of notifications; the payload is the key prefix. */
export const CHANNELS = {
  release: 'beat_released',
  command: 'beat_command',
} as const satisfies Record<Subject, string>;

/** Milliseconds since the Unix epoch; `now()` would be the begin of the transaction. */
export const NOW = 'floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint';

export const sql = (text: string, ...values: readonly unknown[]): Sql => ({ text, values });
const names = (named: readonly (readonly [string, string])[]) => named.map(([name]) => name);
const texts = (named: readonly (readonly [string, string])[]) => named.map(([, text]) => text);
const column = <R, K extends keyof R>(rows: readonly R[], name: K) => rows.map((row) => row[name]);

/** The columns of a stored entry. */
const ENTRY = 'entry, definition, record AS state, due_at AS "dueAt"';

/**
 * Stored entries by name. Without statistics, the planner would read all entries of the prefix for
 * `prefix = $1 AND entry = ANY($2)`.
 */
const NAMED = '(beat_entry.prefix, beat_entry.entry) IN (SELECT $1::text, unnest($2::text[]))';

/** Every statement; those that create the tables are in schema.ts. */
export const STATEMENTS: Statements = {
  schema: SCHEMA.map((text) => sql(text)),
  workerIndexes: [sql(VISIBLE_ROWS)],
  begin: sql('BEGIN'),
  commit: sql('COMMIT'),
  rollback: sql('ROLLBACK'),
  clock: sql('SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now'),

  // lock -------------------------------------------------------------------------------------------

  readLock: (prefix) =>
    sql(
      `SELECT token, expires_at AS "expiresAt", ttl, expires_at <= ${NOW} AS expired
       FROM beat_lock WHERE prefix = $1`,
      prefix,
    ),
  takeFreeLock: (prefix, token, ttl) =>
    sql(
      `INSERT INTO beat_lock (prefix, token, expires_at, ttl) VALUES ($1, $2, ${NOW} + $3, $3)
       ON CONFLICT (prefix) DO NOTHING`,
      ...[prefix, token, ttl],
    ),
  takeOverLock: (prefix, token, ttl, seen) =>
    sql(
      `UPDATE beat_lock SET token = $2, expires_at = ${NOW} + $3, ttl = $3
       WHERE prefix = $1 AND token = $4 AND expires_at = $5`,
      ...[prefix, token, ttl, seen.token, seen.expiresAt],
    ),
  renewLock: (prefix, token, ttl) =>
    sql(
      `UPDATE beat_lock SET expires_at = ${NOW} + $3
       WHERE prefix = $1 AND token = $2 AND expires_at > ${NOW}`,
      ...[prefix, token, ttl],
    ),
  releaseLock: (prefix, token) =>
    sql(
      `WITH released AS (DELETE FROM beat_lock WHERE prefix = $1 AND token = $2 RETURNING prefix)
       SELECT pg_notify('${CHANNELS.release}', prefix) FROM released`,
      ...[prefix, token],
    ),

  // ledger -----------------------------------------------------------------------------------------

  beginTerm: (prefix, lowest) =>
    sql(
      `INSERT INTO beat_term (prefix, number) VALUES ($1, greatest($2, ${NOW}))
       ON CONFLICT (prefix) DO UPDATE SET number = greatest(beat_term.number + 1, excluded.number)`,
      ...[prefix, lowest],
    ),
  selectTermForUpdate: (prefix) =>
    sql('SELECT number FROM beat_term WHERE prefix = $1 FOR UPDATE', prefix),

  readStates: (prefix, from, limit) =>
    sql(
      `SELECT entry, record FROM beat_record WHERE prefix = $1 AND entry >= $2
       ORDER BY entry LIMIT $3`,
      ...[prefix, from, limit],
    ),
  findStates: (prefix, entries) =>
    sql(
      'SELECT entry, record FROM beat_record WHERE prefix = $1 AND entry = ANY($2::text[])',
      ...[prefix, entries],
    ),
  writeStates: (prefix, records) =>
    sql(
      `INSERT INTO beat_record (prefix, entry, record)
       SELECT $1, entry, record FROM unnest($2::text[], $3::text[]) AS list (entry, record)
       ON CONFLICT (prefix, entry) DO UPDATE SET record = excluded.record`,
      ...[prefix, names(records), texts(records)],
    ),
  removeState: (prefix, entry) =>
    sql('DELETE FROM beat_record WHERE prefix = $1 AND entry = $2', prefix, entry),

  // stored entries ---------------------------------------------------------------------------------

  findEntries: (prefix, entries) =>
    sql(`SELECT ${ENTRY} FROM beat_entry WHERE ${NAMED}`, prefix, entries),
  readEntries: (prefix, after, dueBy, limit) =>
    sql(
      `SELECT ${ENTRY} FROM beat_entry
       WHERE prefix = $1 AND (due_at, entry) > ($2, $3) AND due_at <= $4
       ORDER BY due_at, entry LIMIT $5`,
      ...[prefix, after.dueAt, after.entry, dueBy, limit],
    ),
  readPositions: (prefix, after, limit) =>
    sql(
      `SELECT entry, due_at AS "dueAt" FROM beat_entry
       WHERE prefix = $1 AND (due_at, entry) > ($2, $3)
       ORDER BY prefix, due_at, entry LIMIT $4`,
      ...[prefix, after.dueAt, after.entry, limit],
    ),
  readNames: (prefix, least, after, limit) =>
    sql(
      `SELECT entry FROM beat_entry WHERE prefix = $1 AND entry >= $2 AND entry > $3
       ORDER BY prefix, entry LIMIT $4`,
      ...[prefix, least, after, limit],
    ),
  writeInstance: (prefix, id, json) =>
    sql(
      `INSERT INTO beat_instance (prefix, id, json, seen_at) VALUES ($1, $2, $3, ${NOW})
       ON CONFLICT (prefix, id) DO UPDATE SET json = excluded.json, seen_at = excluded.seen_at`,
      ...[prefix, id, json],
    ),
  removeInstance: (prefix, id) =>
    sql('DELETE FROM beat_instance WHERE prefix = $1 AND id = $2', prefix, id),
  removeGoneInstances: (prefix, ms) =>
    sql(
      `DELETE FROM beat_instance
       WHERE prefix = $1 AND (seen_at <= ${NOW} - $2 OR seen_at >= ${NOW} + $2)`,
      ...[prefix, ms],
    ),
  readInstances: (prefix, ms) =>
    sql(
      `SELECT id, json, ${NOW} - seen_at AS ago FROM beat_instance
       WHERE prefix = $1 AND seen_at > ${NOW} - $2 AND seen_at < ${NOW} + $2`,
      ...[prefix, ms],
    ),
  writeBroadcast: (exchange, id, payload) =>
    sql(
      `INSERT INTO beat_broadcast (exchange, id, payload, sent_at) VALUES ($1, $2, $3, ${NOW})`,
      ...[exchange, id, payload],
    ),
  removeOldBroadcasts: (exchange, ms) =>
    sql(`DELETE FROM beat_broadcast WHERE exchange = $1 AND sent_at <= ${NOW} - $2`, exchange, ms),
  readBroadcasts: (exchange, ms) =>
    sql(
      `SELECT id, payload FROM beat_broadcast WHERE exchange = $1 AND sent_at > ${NOW} - $2`,
      ...[exchange, ms],
    ),
  findEntryStates: (prefix, entries) =>
    sql(`SELECT entry, record FROM beat_entry WHERE ${NAMED}`, prefix, entries),
  writeEntries: (prefix, rows) =>
    sql(
      `INSERT INTO beat_entry (prefix, entry, definition, record, due_at)
       SELECT $1, entry, definition, record, due_at
       FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[])
         AS list (entry, definition, record, due_at)
       ON CONFLICT (prefix, entry) DO UPDATE
       SET definition = excluded.definition, record = excluded.record, due_at = excluded.due_at`,
      ...[prefix, column(rows, 'entry'), column(rows, 'definition')],
      ...[column(rows, 'state'), column(rows, 'dueAt')],
    ),
  writeEntryStates: (prefix, rows) =>
    sql(
      `UPDATE beat_entry SET record = list.record, due_at = list.due_at
       FROM unnest($2::text[], $3::text[], $4::bigint[]) AS list (entry, record, due_at)
       WHERE ${NAMED} AND beat_entry.entry = list.entry`,
      ...[prefix, column(rows, 'entry'), column(rows, 'state'), column(rows, 'dueAt')],
    ),
  removeEntries: (prefix, entries) => sql(`DELETE FROM beat_entry WHERE ${NAMED}`, prefix, entries),
  removeEntryState: (prefix, entry) =>
    sql('UPDATE beat_entry SET record = NULL WHERE prefix = $1 AND entry = $2', prefix, entry),

  // outbox -----------------------------------------------------------------------------------------

  appendMessages: (prefix, messages) =>
    sql(
      `INSERT INTO beat_outbox (prefix, id, message)
       SELECT $1, id, message FROM unnest($2::text[], $3::text[]) AS list (id, message)
       ON CONFLICT (prefix, id) DO UPDATE SET message = excluded.message`,
      ...[prefix, names(messages), texts(messages)],
    ),
  findPending: (prefix, ids) =>
    sql('SELECT id FROM beat_outbox WHERE prefix = $1 AND id = ANY($2::text[])', prefix, ids),
  readPending: (prefix, after, limit) =>
    sql(
      'SELECT id, message FROM beat_outbox WHERE prefix = $1 AND id > $2 ORDER BY id LIMIT $3',
      ...[prefix, after, limit],
    ),
  removeMessages: (prefix, ids) =>
    sql('DELETE FROM beat_outbox WHERE prefix = $1 AND id = ANY($2::text[])', prefix, ids),

  // commands ---------------------------------------------------------------------------------------

  appendCommand: (prefix, json) =>
    // Without RETURNING, which would need the right to SELECT.
    sql(
      `WITH appended AS (INSERT INTO beat_command (prefix, json) VALUES ($1, $2))
       SELECT pg_notify('${CHANNELS.command}', $1)`,
      ...[prefix, json],
    ),
  readCommandSizes: (prefix, limit) =>
    sql(
      `SELECT position AS key, octet_length(json) AS bytes FROM beat_command
       WHERE prefix = $1 ORDER BY position LIMIT $2`,
      ...[prefix, limit],
    ),
  readCommands: (prefix, keys) =>
    sql(
      `SELECT position AS key, json FROM beat_command
       WHERE prefix = $1 AND position = ANY($2::bigint[])`,
      ...[prefix, keys],
    ),
  removeCommands: (prefix, keys) =>
    sql(
      'DELETE FROM beat_command WHERE prefix = $1 AND position = ANY($2::bigint[])',
      prefix,
      keys,
    ),
  writeAudit: (prefix, rows) =>
    sql(
      `INSERT INTO beat_audit (prefix, id, json)
       SELECT $1, id, json FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS list (id, json, place)
       ORDER BY place
       ON CONFLICT (prefix, id) DO UPDATE SET json = excluded.json`,
      ...[prefix, names(rows), texts(rows)],
    ),
  findAudit: (prefix, ids) =>
    sql('SELECT id, json FROM beat_audit WHERE prefix = $1 AND id = ANY($2::text[])', prefix, ids),
  readAudit: (prefix, limit) =>
    sql(
      'SELECT id, json FROM beat_audit WHERE prefix = $1 ORDER BY position DESC LIMIT $2',
      ...[prefix, limit],
    ),
  removeAudit: (prefix, id) =>
    sql('DELETE FROM beat_audit WHERE prefix = $1 AND id = $2', prefix, id),
  trimAudit: (prefix, rows) =>
    sql(
      `DELETE FROM beat_audit WHERE prefix = $1 AND position <= (
         SELECT position FROM beat_audit WHERE prefix = $1
         ORDER BY position DESC LIMIT 1 OFFSET $2)`,
      ...[prefix, rows],
    ),

  // history ----------------------------------------------------------------------------------------

  appendHistory: (prefix, rows) =>
    sql(
      `INSERT INTO beat_history (prefix, entry, at, json)
       SELECT $1, entry, at, json
       FROM unnest($2::text[], $3::bigint[], $4::text[]) WITH ORDINALITY
         AS list (entry, at, json, place)
       ORDER BY place`,
      ...[prefix, column(rows, 'entry'), column(rows, 'at'), column(rows, 'text')],
    ),
  readHistory: (prefix, entry, end, limit) =>
    sql(
      `SELECT position, json FROM beat_history
       WHERE prefix = $1 AND entry = $2 AND position < $3
       ORDER BY prefix, entry, position DESC LIMIT $4`,
      ...[prefix, entry, end, limit],
    ),
  readLatest: (prefix, entries, limit) =>
    sql(
      `SELECT list.entry, newest.json FROM unnest($2::text[]) AS list (entry), LATERAL (
         SELECT position, json FROM beat_history WHERE prefix = $1 AND entry = list.entry
         ORDER BY prefix, entry, position DESC LIMIT $3) AS newest
       ORDER BY newest.position DESC`,
      ...[prefix, entries, limit],
    ),
  addMinutes: (prefix, minutes) => {
    const places = minutes.map(({ at }) => placeOfMinute(at));
    return sql(
      `INSERT INTO beat_minute (prefix, slot, number, published, skipped, succeeded, failed)
       SELECT $1, list.* FROM unnest($2::integer[], $3::bigint[], $4::bigint[], $5::bigint[],
         $6::bigint[], $7::bigint[]) AS list (slot, number, published, skipped, succeeded, failed)
       ON CONFLICT (prefix, slot) DO UPDATE SET number = excluded.number, ${COUNTERS.map(
         (name) =>
           `${name} = excluded.${name} +
             CASE beat_minute.number WHEN excluded.number THEN beat_minute.${name} ELSE 0 END`,
       ).join(', ')}`,
      ...[prefix, column(places, 'slot'), column(places, 'number')],
      ...COUNTERS.map((name) => column(minutes, name)),
    );
  },
  readMinutes: (prefix) =>
    sql(
      'SELECT number, published, skipped, succeeded, failed FROM beat_minute WHERE prefix = $1',
      prefix,
    ),
  trimHistory: (prefix, entries, rows) =>
    sql(
      `DELETE FROM beat_history AS old
       USING unnest($2::text[]) AS list (entry), LATERAL (
         SELECT position FROM beat_history WHERE prefix = $1 AND entry = list.entry
         ORDER BY prefix, entry, position DESC LIMIT 1 OFFSET $3) AS surplus
       WHERE old.prefix = $1 AND old.entry = list.entry AND old.position <= surplus.position`,
      ...[prefix, entries, rows],
    ),
  removeRows: (prefix, entry, positions) =>
    sql(
      `DELETE FROM beat_history
       WHERE prefix = $1 AND entry = $2 AND position = ANY($3::bigint[])`,
      ...[prefix, entry, positions],
    ),
  expireHistory: (prefix, oldest, limit) =>
    sql(
      `DELETE FROM beat_history WHERE position IN (
         SELECT position FROM beat_history WHERE prefix = $1 AND at < $2
         ORDER BY prefix, at LIMIT $3)`,
      ...[prefix, oldest, limit],
    ),

  // kombu's queues ---------------------------------------------------------------------------------

  readQueue: (name) => sql('SELECT id FROM kombu_queue WHERE name = $1', name),
  declareQueue: (name) =>
    sql(
      `INSERT INTO kombu_queue (id, name) VALUES (nextval('queue_id_sequence'), $1)
       ON CONFLICT (name) DO NOTHING`,
      name,
    ),
  insertMessages: (rows) =>
    sql(
      // Ids follow the order of the list only if the rows are ordered before `nextval` is called.
      `INSERT INTO kombu_message (id, visible, timestamp, payload, version, queue_id)
       SELECT nextval('message_id_sequence'), true, NULL, payload, 1, queue_id FROM (
         SELECT payload, queue_id
         FROM unnest($1::text[], $2::integer[]) WITH ORDINALITY AS list (payload, queue_id, place)
         ORDER BY place
       ) AS ordered`,
      ...[rows.map(({ payload }) => payload), rows.map(({ queueId }) => queueId)],
    ),
  findConsumed: (limit, kept) =>
    sql(
      `SELECT id FROM kombu_message WHERE timestamp IS NOT NULL AND visible = false
       ORDER BY timestamp DESC, id DESC LIMIT $1 OFFSET $2`,
      ...[limit, kept],
    ),
  deleteConsumed: (ids) =>
    sql('DELETE FROM kombu_message WHERE id = ANY($1::integer[]) AND visible = false', ids),
};
