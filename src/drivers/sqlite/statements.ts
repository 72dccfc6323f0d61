/**
 * The statements of this driver, except for the schema (schema.ts). Each comment lists the positional parameters
 * and the columns of the rows.
 */

// lock -------------------------------------------------------------------------------------------

/** prefix → token, expiresAt, ttl; no row when the lock is free. */
export const READ_LOCK =
  'SELECT token, expires_at AS expiresAt, ttl FROM beat_lock WHERE prefix = ?';

/** prefix, token, expiresAt, ttl. Replaces any holder of the lock. */
export const ACQUIRE_LOCK = `
  INSERT INTO beat_lock (prefix, token, expires_at, ttl) VALUES (?, ?, ?, ?)
  ON CONFLICT (prefix) DO UPDATE
  SET token = excluded.token, expires_at = excluded.expires_at, ttl = excluded.ttl`;

/** expiresAt, prefix, token, now. Changes one row, or none when the lock has expired or has another holder. */
export const RENEW_LOCK =
  'UPDATE beat_lock SET expires_at = ? WHERE prefix = ? AND token = ? AND expires_at > ?';

/** prefix, token. Does not delete the lock of another holder. */
export const RELEASE_LOCK = 'DELETE FROM beat_lock WHERE prefix = ? AND token = ?';

// ledger -----------------------------------------------------------------------------------------

/** prefix → number, which is the fencing token; no row before the first term. */
export const READ_TERM = 'SELECT number FROM beat_term WHERE prefix = ?';

/** prefix, lowest → number: the last number plus one, and at least `lowest`. */
export const BEGIN_TERM = `
  INSERT INTO beat_term (prefix, number) VALUES (?, ?)
  ON CONFLICT (prefix) DO UPDATE SET number = max(number + 1, excluded.number)
  RETURNING number`;

/** prefix → entry, record; all entries. The column `record` contains the state. */
export const READ_STATES = 'SELECT entry, record FROM beat_record WHERE prefix = ?';

/** prefix, entry → record; no row when there is none. */
export const READ_STATE = 'SELECT record FROM beat_record WHERE prefix = ? AND entry = ?';

/** prefix, entry, record. */
export const WRITE_STATE = `
  INSERT INTO beat_record (prefix, entry, record) VALUES (?, ?, ?)
  ON CONFLICT (prefix, entry) DO UPDATE SET record = excluded.record`;

/** prefix, entry. */
export const REMOVE_STATE = 'DELETE FROM beat_record WHERE prefix = ? AND entry = ?';

// outbox -----------------------------------------------------------------------------------------

/** prefix, id, message. */
export const APPEND_MESSAGE = `
  INSERT INTO beat_outbox (prefix, id, message) VALUES (?, ?, ?)
  ON CONFLICT (prefix, id) DO UPDATE SET message = excluded.message`;

/** prefix, id → found; no row when it is not in the outbox. */
export const IS_PENDING = 'SELECT 1 AS found FROM beat_outbox WHERE prefix = ? AND id = ?';

/** prefix, after, limit → id, message; in the order of ids. */
export const READ_PENDING =
  'SELECT id, message FROM beat_outbox WHERE prefix = ? AND id > ? ORDER BY id LIMIT ?';

/** prefix, id. */
export const REMOVE_MESSAGE = 'DELETE FROM beat_outbox WHERE prefix = ? AND id = ?';

// history ----------------------------------------------------------------------------------------

/** prefix, entry, at, json. */
export const APPEND_HISTORY =
  'INSERT INTO beat_history (prefix, entry, at, json) VALUES (?, ?, ?, ?)';

/** prefix, entry, end, limit → position, json; before that position, newest first. */
export const READ_HISTORY = `
  SELECT position, json FROM beat_history WHERE prefix = ? AND entry = ? AND position < ?
  ORDER BY position DESC LIMIT ?`;

/** prefix, entry, prefix, entry, rows. Deletes all rows of an entry but the newest `rows`. */
export const TRIM_HISTORY = `
  DELETE FROM beat_history WHERE prefix = ? AND entry = ? AND position <= (
    SELECT position FROM beat_history WHERE prefix = ? AND entry = ?
    ORDER BY position DESC LIMIT 1 OFFSET ?)`;

/** prefix, entry, position. */
export const REMOVE_ROW =
  'DELETE FROM beat_history WHERE prefix = ? AND entry = ? AND position = ?';

/** prefix, oldest, limit. Deletes rows from before `oldest`. */
export const EXPIRE_HISTORY = `
  DELETE FROM beat_history WHERE position IN (
    SELECT position FROM beat_history WHERE prefix = ? AND at < ? ORDER BY at LIMIT ?)`;

/** prefix, slot, number, published, skipped, succeeded, failed. Another minute in the slot is replaced. */
export const ADD_MINUTE = `
  INSERT INTO beat_minute (prefix, slot, number, published, skipped, succeeded, failed)
  VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (prefix, slot) DO UPDATE SET
    published = excluded.published + iif(number = excluded.number, published, 0),
    skipped = excluded.skipped + iif(number = excluded.number, skipped, 0),
    succeeded = excluded.succeeded + iif(number = excluded.number, succeeded, 0),
    failed = excluded.failed + iif(number = excluded.number, failed, 0),
    number = excluded.number`;

/** prefix → number, published, skipped, succeeded, failed. As floating-point numbers: Node rejects integers beyond 2^53. */
export const READ_MINUTES = `
  SELECT CAST(number AS REAL) AS number, CAST(published AS REAL) AS published, CAST(skipped AS REAL) AS skipped,
    CAST(succeeded AS REAL) AS succeeded, CAST(failed AS REAL) AS failed
  FROM beat_minute WHERE prefix = ?`;

// kombu's queues ---------------------------------------------------------------------------------

/** name → id; no row when the queue is not declared. */
export const READ_QUEUE = 'SELECT id FROM kombu_queue WHERE name = ?';

/** name → id. */
export const DECLARE_QUEUE = 'INSERT INTO kombu_queue (name) VALUES (?) RETURNING id';

/**
 * payload, queue id. Workers consume visible rows ordered by timestamp, then id. The timestamp is NULL, as from
 * kombu's producer, and sorts first, so the order is first in, first out.
 */
export const INSERT_MESSAGE = `
  INSERT INTO kombu_message (visible, timestamp, payload, version, queue_id)
  VALUES (1, NULL, ?, 1, ?)`;

/**
 * limit, retained. Deletes up to `limit` consumed rows, except the newest `retained`. A consumed row has a
 * timestamp and never becomes visible again: a requeued message is a new row. Rows are counted because their
 * timestamps are in the local time of a worker. With the `+` SQLite walks down the index of timestamps and stops,
 * instead of collecting and sorting all consumed rows.
 */
export const PRUNE_MESSAGES = `
  DELETE FROM kombu_message WHERE id IN (
    SELECT id FROM kombu_message
    WHERE timestamp IS NOT NULL AND +visible = 0
    ORDER BY timestamp DESC, id DESC
    LIMIT ? OFFSET ?)`;

// consumers --------------------------------------------------------------------------------------

/** names as a JSON list → found; no row when no message waits. */
export const FIND_WORK = `
  SELECT 1 AS found FROM kombu_message
  WHERE visible != 0 AND queue_id IN (
    SELECT id FROM kombu_queue WHERE name IN (SELECT value FROM json_each(?)))
  LIMIT 1`;

/** now → found; no row when no lease has expired. */
export const FIND_EXPIRED = 'SELECT 1 AS found FROM beat_unacked WHERE expires_at <= ? LIMIT 1';

/** now. Returns the messages of dead consumers to their queues; kombu sorts rows without a timestamp first. */
export const RESTORE_EXPIRED = `
  INSERT INTO kombu_message (visible, timestamp, payload, version, queue_id)
  SELECT 1, NULL, payload, 1, queue_id FROM beat_unacked WHERE expires_at <= ? ORDER BY id`;

/** now. */
export const REMOVE_EXPIRED = 'DELETE FROM beat_unacked WHERE expires_at <= ?';

/** queue → payload, queueId. Marks the oldest message as consumed, as kombu does; no row when none waits. */
export const TAKE_MESSAGE = `
  UPDATE kombu_message
  SET visible = 0, version = version + 1,
    timestamp = strftime('%Y-%m-%d %H:%M:%f000', 'now', 'localtime')
  WHERE id = (
    SELECT id FROM kombu_message
    WHERE visible != 0 AND queue_id = (SELECT id FROM kombu_queue WHERE name = ?)
    ORDER BY timestamp, id LIMIT 1)
  RETURNING payload, queue_id AS queueId`;

/** queue id, payload, expiresAt → id. */
export const ADD_UNACKED =
  'INSERT INTO beat_unacked (queue_id, payload, expires_at) VALUES (?, ?, ?) RETURNING id';

/** expiresAt, ids as a JSON list. */
export const RENEW_UNACKED =
  'UPDATE beat_unacked SET expires_at = ? WHERE id IN (SELECT value FROM json_each(?))';

/** id → payload, queueId; no row when its lease expired and another consumer restored it. */
export const REMOVE_UNACKED =
  'DELETE FROM beat_unacked WHERE id = ? RETURNING payload, queue_id AS queueId';

// commands ---------------------------------------------------------------------------------------

/** prefix, json. */
export const APPEND_COMMAND = 'INSERT INTO beat_command (prefix, json) VALUES (?, ?)';

/** prefix, limit → key, bytes of the text; oldest first. */
export const READ_COMMAND_SIZES = `
  SELECT position AS key, octet_length(json) AS bytes FROM beat_command
  WHERE prefix = ? ORDER BY position LIMIT ?`;

/** prefix, key → json; no row when the command was removed. */
export const READ_COMMAND = 'SELECT json FROM beat_command WHERE prefix = ? AND position = ?';

/** prefix, key. */
export const REMOVE_COMMAND = 'DELETE FROM beat_command WHERE prefix = ? AND position = ?';

/** prefix, id, json. A repeated commit writes the same row again. */
export const WRITE_AUDIT = `
  INSERT INTO beat_audit (prefix, id, json) VALUES (?, ?, ?)
  ON CONFLICT (prefix, id) DO UPDATE SET json = excluded.json`;

/** prefix, id → json; no row when the command is pending, or its row was deleted. */
export const FIND_AUDIT = 'SELECT json FROM beat_audit WHERE prefix = ? AND id = ?';

/** prefix, limit → id, json; newest first. */
export const READ_AUDIT =
  'SELECT id, json FROM beat_audit WHERE prefix = ? ORDER BY position DESC LIMIT ?';

/** prefix, id. */
export const REMOVE_AUDIT = 'DELETE FROM beat_audit WHERE prefix = ? AND id = ?';

/** prefix, prefix, retained. Deletes all audit rows except the newest `retained`. */
export const TRIM_AUDIT = `
  DELETE FROM beat_audit WHERE prefix = ? AND position <= (
    SELECT position FROM beat_audit WHERE prefix = ?
    ORDER BY position DESC LIMIT 1 OFFSET ?)`;

// stored entries ---------------------------------------------------------------------------------

/** prefix, entry → entry, definition, state, dueAt; no row when there is none. */
export const FIND_ENTRY = `
  SELECT entry, definition, record AS state, due_at AS dueAt FROM beat_entry
  WHERE prefix = ? AND entry = ?`;

/** prefix, dueAt and entry that the page begins after, dueBy, limit → as FIND_ENTRY; by dueAt, then by entry. */
export const READ_ENTRIES = `
  SELECT entry, definition, record AS state, due_at AS dueAt FROM beat_entry
  WHERE prefix = ? AND (due_at, entry) > (?, ?) AND due_at <= ?
  ORDER BY due_at, entry LIMIT ?`;

/** prefix, entry → record, which is null when the state was removed; no row when there is none. */
export const READ_ENTRY_STATE = 'SELECT record FROM beat_entry WHERE prefix = ? AND entry = ?';

/** prefix, entry, definition, record, dueAt. */
export const WRITE_ENTRY = `
  INSERT INTO beat_entry (prefix, entry, definition, record, due_at) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (prefix, entry) DO UPDATE
  SET definition = excluded.definition, record = excluded.record, due_at = excluded.due_at`;

/** record, dueAt, prefix, entry. */
export const WRITE_ENTRY_STATE =
  'UPDATE beat_entry SET record = ?, due_at = ? WHERE prefix = ? AND entry = ?';

/** prefix, entry. */
export const REMOVE_ENTRY = 'DELETE FROM beat_entry WHERE prefix = ? AND entry = ?';

/** prefix, entry. */
export const REMOVE_ENTRY_STATE =
  'UPDATE beat_entry SET record = NULL WHERE prefix = ? AND entry = ?';

/** prefix, dueAt and entry of the position before the first, limit → entry, dueAt; by dueAt, then by entry. */
export const READ_POSITIONS = `
  SELECT entry, due_at AS dueAt FROM beat_entry WHERE prefix = ? AND (due_at, entry) > (?, ?)
  ORDER BY due_at, entry LIMIT ?`;

/** prefix, least name, name before the first, limit → entry; by name. */
export const READ_NAMES = `
  SELECT entry FROM beat_entry WHERE prefix = ? AND entry >= ? AND entry > ?
  ORDER BY entry LIMIT ?`;

// instances --------------------------------------------------------------------------------------

/** prefix, id, json, seenAt. */
export const WRITE_INSTANCE = `
  INSERT INTO beat_instance (prefix, id, json, seen_at) VALUES (?, ?, ?, ?)
  ON CONFLICT (prefix, id) DO UPDATE SET json = excluded.json, seen_at = excluded.seen_at`;

/** prefix, id. */
export const REMOVE_INSTANCE = 'DELETE FROM beat_instance WHERE prefix = ? AND id = ?';

/** prefix, the latest seenAt of those that are gone, the earliest of those that are too far ahead. */
export const REMOVE_GONE_INSTANCES =
  'DELETE FROM beat_instance WHERE prefix = ? AND (seen_at <= ? OR seen_at >= ?)';

/** prefix → id, json, seenAt (a floating-point number, as in `READ_MINUTES`). */
export const READ_INSTANCES =
  'SELECT id, json, CAST(seen_at AS REAL) AS seenAt FROM beat_instance WHERE prefix = ?';

// broadcasts -------------------------------------------------------------------------------------

/** exchange, id, payload, sentAt. */
export const WRITE_BROADCAST =
  'INSERT INTO beat_broadcast (exchange, id, payload, sent_at) VALUES (?, ?, ?, ?)';

/** exchange, the latest sentAt of those that are removed. */
export const REMOVE_OLD_BROADCASTS =
  'DELETE FROM beat_broadcast WHERE exchange = ? AND sent_at <= ?';

/** exchange, sentAt that all are later than → id, payload. */
export const READ_BROADCASTS =
  'SELECT id, payload FROM beat_broadcast WHERE exchange = ? AND sent_at > ?';
