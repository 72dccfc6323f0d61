import { COUNTERS, placeOfMinute } from '../../../contracts/store/minutes.ts';
import type { Sql, Statements } from '../statements.ts';
import { ID_COLUMN, nextId, SCHEMA } from './schema.ts';

/** Milliseconds since the Unix epoch, independent of the time zones of session and server. */
export const NOW = `TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) DIV 1000`;

export const sql = (text: string, ...values: readonly unknown[]): Sql => ({ text, values });

/** `count` rows of placeholders. */
const rows = (row: string, count: number): string => Array(count).fill(row).join(', ');

/** The columns of a stored entry. */
const ENTRY = 'entry, definition, record AS state, due_at AS dueAt';

/** Every statement; those that create the tables are in schema.ts. A list replaces one `?`. */
export const STATEMENTS: Statements = {
  schema: SCHEMA.map((text) => sql(text)),
  // With an index for the workers' query, workers deadlock: each consumed row moves within it.
  workerIndexes: [],
  begin: sql('START TRANSACTION'),
  commit: sql('COMMIT'),
  rollback: sql('ROLLBACK'),
  clock: sql(`SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) / 1000 AS now`),

  // lock -------------------------------------------------------------------------------------------

  readLock: (prefix) =>
    sql(
      `SELECT token, expires_at AS expiresAt, ttl, expires_at <= ${NOW} AS \`expired\`
       FROM beat_lock WHERE prefix = ?`,
      prefix,
    ),
  takeFreeLock: (prefix, token, ttl) =>
    // The number of changed rows of an upsert would be 1 also when it changes none.
    sql(
      `INSERT INTO beat_lock (prefix, token, expires_at, ttl)
       SELECT ?, ?, ${NOW} + ?, ? FROM DUAL
       WHERE NOT EXISTS (SELECT 1 FROM beat_lock WHERE prefix = ?)`,
      ...[prefix, token, ttl, ttl, prefix],
    ),
  takeOverLock: (prefix, token, ttl, seen) =>
    sql(
      `UPDATE beat_lock SET token = ?, expires_at = ${NOW} + ?, ttl = ?
       WHERE prefix = ? AND token = ? AND expires_at = ?`,
      ...[token, ttl, ttl, prefix, seen.token, seen.expiresAt],
    ),
  renewLock: (prefix, token, ttl) =>
    sql(
      `UPDATE beat_lock SET expires_at = ${NOW} + ?
       WHERE prefix = ? AND token = ? AND expires_at > ${NOW}`,
      ...[ttl, prefix, token],
    ),
  releaseLock: (prefix, token) =>
    sql('DELETE FROM beat_lock WHERE prefix = ? AND token = ?', prefix, token),

  // ledger -----------------------------------------------------------------------------------------

  beginTerm: (prefix, lowest) =>
    sql(
      `INSERT INTO beat_term (prefix, number) VALUES (?, GREATEST(?, ${NOW}))
       ON DUPLICATE KEY UPDATE number = GREATEST(number + 1, VALUES(number))`,
      ...[prefix, lowest],
    ),
  selectTermForUpdate: (prefix) =>
    sql('SELECT number FROM beat_term WHERE prefix = ? FOR UPDATE', prefix),

  readStates: (prefix, from, limit) =>
    sql(
      `SELECT entry, record FROM beat_record WHERE prefix = ? AND entry >= ?
       ORDER BY entry LIMIT ?`,
      ...[prefix, from, limit],
    ),
  findStates: (prefix, entries) =>
    sql('SELECT entry, record FROM beat_record WHERE prefix = ? AND entry IN (?)', prefix, entries),
  writeStates: (prefix, records) =>
    sql(
      `INSERT INTO beat_record (prefix, entry, record) VALUES ${rows('(?, ?, ?)', records.length)}
       ON DUPLICATE KEY UPDATE record = VALUES(record)`,
      ...records.flatMap(([entry, record]) => [prefix, entry, record]),
    ),
  removeState: (prefix, entry) =>
    sql('DELETE FROM beat_record WHERE prefix = ? AND entry = ?', prefix, entry),

  // stored entries ---------------------------------------------------------------------------------

  findEntries: (prefix, entries) =>
    sql(`SELECT ${ENTRY} FROM beat_entry WHERE prefix = ? AND entry IN (?)`, prefix, entries),
  // MySQL reads two ranges of the index for this. For `(due_at, entry) > (?, ?)`, or left to choose the index itself, it
  // may read all rows before the page.
  readEntries: (prefix, after, dueBy, limit) =>
    sql(
      `SELECT ${ENTRY} FROM beat_entry FORCE INDEX (ix_beat_entry)
       WHERE prefix = ? AND (due_at > ? OR due_at = ? AND entry > ?) AND due_at <= ?
       ORDER BY due_at, entry LIMIT ?`,
      ...[prefix, after.dueAt, after.dueAt, after.entry, dueBy, limit],
    ),
  readPositions: (prefix, after, limit) =>
    sql(
      `SELECT entry, due_at AS dueAt FROM beat_entry FORCE INDEX (ix_beat_entry)
       WHERE prefix = ? AND (due_at > ? OR due_at = ? AND entry > ?)
       ORDER BY due_at, entry LIMIT ?`,
      ...[prefix, after.dueAt, after.dueAt, after.entry, limit],
    ),
  readNames: (prefix, least, after, limit) =>
    sql(
      `SELECT entry FROM beat_entry FORCE INDEX (PRIMARY)
       WHERE prefix = ? AND entry >= ? AND entry > ? ORDER BY entry LIMIT ?`,
      ...[prefix, least, after, limit],
    ),
  writeInstance: (prefix, id, json) =>
    sql(
      `INSERT INTO beat_instance (prefix, id, json, seen_at) VALUES (?, ?, ?, ${NOW})
       ON DUPLICATE KEY UPDATE json = VALUES(json), seen_at = VALUES(seen_at)`,
      ...[prefix, id, json],
    ),
  removeInstance: (prefix, id) =>
    sql('DELETE FROM beat_instance WHERE prefix = ? AND id = ?', prefix, id),
  removeGoneInstances: (prefix, ms) =>
    sql(
      `DELETE FROM beat_instance
       WHERE prefix = ? AND (seen_at <= ${NOW} - ? OR seen_at >= ${NOW} + ?)`,
      ...[prefix, ms, ms],
    ),
  readInstances: (prefix, ms) =>
    sql(
      `SELECT id, json, ${NOW} - seen_at AS ago FROM beat_instance
       WHERE prefix = ? AND seen_at > ${NOW} - ? AND seen_at < ${NOW} + ?`,
      ...[prefix, ms, ms],
    ),
  writeBroadcast: (exchange, id, payload) =>
    sql(
      `INSERT INTO beat_broadcast (exchange, id, payload, sent_at) VALUES (?, ?, ?, ${NOW})`,
      ...[exchange, id, payload],
    ),
  removeOldBroadcasts: (exchange, ms) =>
    sql(`DELETE FROM beat_broadcast WHERE exchange = ? AND sent_at <= ${NOW} - ?`, exchange, ms),
  readBroadcasts: (exchange, ms) =>
    sql(
      `SELECT id, payload FROM beat_broadcast WHERE exchange = ? AND sent_at > ${NOW} - ?`,
      ...[exchange, ms],
    ),
  findEntryStates: (prefix, entries) =>
    sql('SELECT entry, record FROM beat_entry WHERE prefix = ? AND entry IN (?)', prefix, entries),
  writeEntries: (prefix, list) =>
    sql(
      `INSERT INTO beat_entry (prefix, entry, definition, record, due_at)
       VALUES ${rows('(?, ?, ?, ?, ?)', list.length)}
       ON DUPLICATE KEY UPDATE
       definition = VALUES(definition), record = VALUES(record), due_at = VALUES(due_at)`,
      ...list.flatMap(({ entry, definition, state, dueAt }) => [
        ...[prefix, entry, definition, state, dueAt],
      ]),
    ),
  writeEntryStates: (prefix, list) => {
    const entries = list.map(({ entry }) => entry);
    const states = list.map(({ state }) => state);
    const instants = list.map(({ dueAt }) => dueAt);
    return sql(
      `UPDATE beat_entry
       SET record = ELT(FIELD(entry, ?), ?), due_at = ELT(FIELD(entry, ?), ?)
       WHERE prefix = ? AND entry IN (?)`,
      ...[entries, states, entries, instants, prefix, entries],
    );
  },
  removeEntries: (prefix, entries) =>
    sql('DELETE FROM beat_entry WHERE prefix = ? AND entry IN (?)', prefix, entries),
  removeEntryState: (prefix, entry) =>
    sql('UPDATE beat_entry SET record = NULL WHERE prefix = ? AND entry = ?', prefix, entry),

  // outbox -----------------------------------------------------------------------------------------

  appendMessages: (prefix, messages) =>
    sql(
      `INSERT INTO beat_outbox (prefix, id, message) VALUES ${rows('(?, ?, ?)', messages.length)}
       ON DUPLICATE KEY UPDATE message = VALUES(message)`,
      ...messages.flatMap(([id, message]) => [prefix, id, message]),
    ),
  findPending: (prefix, ids) =>
    sql('SELECT id FROM beat_outbox WHERE prefix = ? AND id IN (?)', prefix, ids),
  readPending: (prefix, after, limit) =>
    sql(
      'SELECT id, message FROM beat_outbox WHERE prefix = ? AND id > ? ORDER BY id LIMIT ?',
      ...[prefix, after, limit],
    ),
  removeMessages: (prefix, ids) =>
    sql('DELETE FROM beat_outbox WHERE prefix = ? AND id IN (?)', prefix, ids),

  // commands ---------------------------------------------------------------------------------------

  appendCommand: (prefix, json) =>
    sql('INSERT INTO beat_command (prefix, json) VALUES (?, ?)', prefix, json),
  readCommandSizes: (prefix, limit) =>
    sql(
      `SELECT position AS \`key\`, OCTET_LENGTH(json) AS bytes FROM beat_command
       WHERE prefix = ? ORDER BY position LIMIT ?`,
      ...[prefix, limit],
    ),
  readCommands: (prefix, keys) =>
    sql(
      'SELECT position AS `key`, json FROM beat_command WHERE prefix = ? AND position IN (?)',
      ...[prefix, keys],
    ),
  removeCommands: (prefix, keys) =>
    sql('DELETE FROM beat_command WHERE prefix = ? AND position IN (?)', prefix, keys),
  writeAudit: (prefix, audit) =>
    sql(
      `INSERT INTO beat_audit (prefix, id, json) VALUES ${rows('(?, ?, ?)', audit.length)}
       ON DUPLICATE KEY UPDATE json = VALUES(json)`,
      ...audit.flatMap(([id, json]) => [prefix, id, json]),
    ),
  findAudit: (prefix, ids) =>
    sql('SELECT id, json FROM beat_audit WHERE prefix = ? AND id IN (?)', prefix, ids),
  readAudit: (prefix, limit) =>
    sql(
      'SELECT id, json FROM beat_audit WHERE prefix = ? ORDER BY position DESC LIMIT ?',
      ...[prefix, limit],
    ),
  removeAudit: (prefix, id) =>
    sql('DELETE FROM beat_audit WHERE prefix = ? AND id = ?', prefix, id),
  // MySQL reads the table that it deletes from only through a derived table.
  trimAudit: (prefix, newest) =>
    sql(
      `DELETE FROM beat_audit WHERE prefix = ? AND position <= (SELECT position FROM (
         SELECT position FROM beat_audit WHERE prefix = ?
         ORDER BY position DESC LIMIT 1 OFFSET ?) AS surplus)`,
      ...[prefix, prefix, newest],
    ),

  // history ----------------------------------------------------------------------------------------

  appendHistory: (prefix, list) =>
    sql(
      `INSERT INTO beat_history (prefix, entry, at, json)
       VALUES ${rows('(?, ?, ?, ?)', list.length)}`,
      ...list.flatMap(({ entry, at, text }) => [prefix, entry, at, text]),
    ),
  readHistory: (prefix, entry, end, limit) =>
    sql(
      `SELECT position, json FROM beat_history FORCE INDEX (ix_beat_history)
       WHERE prefix = ? AND entry = ? AND position < ? ORDER BY position DESC LIMIT ?`,
      ...[prefix, entry, end, limit],
    ),
  readLatest: (prefix, entries, limit) =>
    sql(
      // MariaDB has no LATERAL. A branch of a union loses its order unless it is sorted at the end.
      `${entries
        .map(
          () => `(SELECT entry, position, json FROM beat_history WHERE prefix = ? AND entry = ?
                  ORDER BY position DESC LIMIT ?)`,
        )
        .join(' UNION ALL ')} ORDER BY position DESC`,
      ...entries.flatMap((entry) => [prefix, entry, limit]),
    ),
  // Assignments take effect from left to right, so the number is the last.
  addMinutes: (prefix, minutes) =>
    sql(
      `INSERT INTO beat_minute (prefix, slot, number, published, skipped, succeeded, failed)
       VALUES ${rows('(?, ?, ?, ?, ?, ?, ?)', minutes.length)}
       ON DUPLICATE KEY UPDATE ${COUNTERS.map(
         (name) => `${name} = VALUES(${name}) + IF(number = VALUES(number), ${name}, 0)`,
       ).join(', ')}, number = VALUES(number)`,
      ...minutes.flatMap((counts) => {
        const { slot, number } = placeOfMinute(counts.at);
        return [prefix, slot, number, ...COUNTERS.map((name) => counts[name])];
      }),
    ),
  readMinutes: (prefix) =>
    sql(
      'SELECT number, published, skipped, succeeded, failed FROM beat_minute WHERE prefix = ?',
      prefix,
    ),
  trimHistory: (prefix, entries, newest) =>
    sql(
      `DELETE old FROM beat_history AS old JOIN (${entries
        .map(
          () => `(SELECT entry, position FROM beat_history WHERE prefix = ? AND entry = ?
                  ORDER BY position DESC LIMIT 1 OFFSET ?)`,
        )
        .join(' UNION ALL ')}) AS surplus ON old.entry = surplus.entry
       WHERE old.prefix = ? AND old.position <= surplus.position`,
      ...entries.flatMap((entry) => [prefix, entry, newest]),
      prefix,
    ),
  removeRows: (prefix, entry, positions) =>
    sql(
      'DELETE FROM beat_history WHERE prefix = ? AND entry = ? AND position IN (?)',
      ...[prefix, entry, positions],
    ),
  expireHistory: (prefix, oldest, limit) =>
    sql(
      'DELETE FROM beat_history WHERE prefix = ? AND at < ? ORDER BY at LIMIT ?',
      ...[prefix, oldest, limit],
    ),

  // kombu's queues ---------------------------------------------------------------------------------

  readQueue: (name) => sql('SELECT id FROM kombu_queue WHERE name = ?', name),
  // A queue that another process declares at the same time is a duplicate: the transaction is retried and finds it.
  declareQueue: (name) =>
    sql(
      `INSERT INTO kombu_queue (${ID_COLUMN} name) VALUES (${nextId('queue_id_sequence')} ?)`,
      name,
    ),
  insertMessages: (messages) =>
    sql(
      `INSERT INTO kombu_message (${ID_COLUMN} visible, timestamp, payload, version, queue_id)
       VALUES ${rows(`(${nextId('message_id_sequence')} 1, NULL, ?, 1, ?)`, messages.length)}`,
      ...messages.flatMap(({ payload, queueId }) => [payload, queueId]),
    ),
  findConsumed: (limit, kept) =>
    sql(
      `SELECT id FROM kombu_message WHERE timestamp IS NOT NULL AND visible = 0
       ORDER BY timestamp DESC, id DESC LIMIT ? OFFSET ?`,
      ...[limit, kept],
    ),
  deleteConsumed: (ids) => sql('DELETE FROM kombu_message WHERE id IN (?) AND visible = 0', ids),
};
