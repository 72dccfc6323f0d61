import type { EncodedRow } from '../../contracts/store/history.ts';
import { COUNTERS, placeOfMinute, type MinuteCounts } from '../../contracts/store/minutes.ts';
import { FINAL_STATES_SQL, RESULT_TABLE } from '../../celery/message/task-outcome.ts';
import { join, raw, sql, type Sql } from './sql.ts';
import { NEVER_DUE } from '../../contracts/store/stored-entries.ts';
import type { EntryPosition, Syntax } from './syntax.ts';

export interface MessageRow {
  readonly payload: string;
  readonly queueId: number;
}

/** `due_at` of an entry without a definition: before the positions of all stored entries. */
export const NOT_STORED = -NEVER_DUE - 1;

/** The values of a row of `beat_entry`. A column whose value is absent stays unchanged. */
export type EntryValues = readonly [
  entry: string,
  state: string,
  /** `NEVER_DUE` for never. */
  dueAt?: number,
  definition?: string | null,
];

/** A name and its text: an outbox id and its message, or a command id and its audit row. */
export type NamedText = readonly [name: string, text: string];

/** The columns of a lock's row that `takeOverLock` compares. */
export interface LockRow {
  readonly token: string;
  readonly expiresAt: number;
}

export type Statements = ReturnType<typeof createStatements>;

/**
 * Creates all statements in the syntax of a product; `→` names the columns of the rows that a statement returns.
 * Instants are milliseconds since the Unix epoch by the server's clock, durations are milliseconds. A list is one
 * statement: callers split long lists (`inChunks`) and never pass empty ones.
 */
export function createStatements(syntax: Syntax) {
  const { now, anyOf, named, insert, inserted, onConflict, forUpdate, along, greatest, nextId } = syntax;
  /** Sets columns to the values that an `INSERT` would have had. */
  const overwrite = (key: string, ...columns: string[]): Sql => {
    const set = columns.map((name) => `${name} = ${inserted(name).text}`).join(', ');
    return sql`${onConflict(key)} ${raw(set)}`;
  };
  const upsertTexts = (into: string, column: string) => (prefix: string, rows: readonly NamedText[]) => {
    const columns = { id: 'text', [column]: 'text' } as const;
    return sql`${insert({ into, constants: { prefix: sql`${prefix}` }, columns, rows })} ${overwrite('prefix, id', column)}`;
  };

  return {
    ...syntax.statements,
    begin: syntax.begin,
    commit: raw('COMMIT'),
    rollback: raw('ROLLBACK'),
    /** → now. */
    clock: syntax.preciseNow && sql`SELECT ${syntax.preciseNow} AS now`,

    // lock -----------------------------------------------------------------------------------------

    /** → token, expires_at, ttl, is_expired; no row when the lock is free. */
    readLock: (prefix: string) => sql`
      SELECT token, expires_at, ttl, expires_at <= ${now} AS is_expired
      FROM beat_lock WHERE prefix = ${prefix}`,
    /** Takes over a lock that was read as `seen`. Changes one row, or none if the lock has changed since. */
    takeOverLock: (prefix: string, token: string, ttl: number, seen: LockRow) => sql`
      UPDATE beat_lock SET token = ${token}, expires_at = ${now} + ${ttl}, ttl = ${ttl}
      WHERE prefix = ${prefix} AND token = ${seen.token} AND expires_at = ${seen.expiresAt}`,
    /** Changes one row, or none when the lock has expired or another process holds it. */
    renewLock: (prefix: string, token: string, ttl: number) => sql`
      UPDATE beat_lock SET expires_at = ${now} + ${ttl}
      WHERE prefix = ${prefix} AND token = ${token} AND expires_at > ${now}`,

    // ledger ---------------------------------------------------------------------------------------

    /** Sets the fencing token to one more than the last, and to at least the server's time and `lowest`. */
    beginTerm: (prefix: string, lowest: number) => sql`
      INSERT INTO beat_term (prefix, number) VALUES (${prefix}, ${greatest}(${lowest}, ${now}))
      ${onConflict('prefix')} number = ${greatest}(beat_term.number + 1, ${inserted('number')})`,
    /** → number, the fencing token; no row before the first term. Locks the row until the transaction ends. */
    selectTermForUpdate: (prefix: string) => sql`SELECT number FROM beat_term WHERE prefix = ${prefix} ${forUpdate}`,

    // entries --------------------------------------------------------------------------------------

    /** → entry, state (null if it was removed); of these entries. */
    findStates: (prefix: string, entries: readonly string[]) =>
      sql`SELECT entry, state FROM beat_entry WHERE ${named('entry', prefix, entries)}`,
    /** → entry, definition, state, due_at; of these stored entries. */
    findEntries: (prefix: string, entries: readonly string[]) => sql`
      SELECT entry, definition, state, due_at FROM beat_entry
      WHERE ${named('entry', prefix, entries)} AND definition IS NOT NULL`,
    /** → as `findEntries`; after a position, by `dueAt`, then by entry; entries that are not stored come first. */
    readEntries: (prefix: string, after: EntryPosition, dueBy: number, limit: number) => sql`
      SELECT entry, definition, state, due_at FROM beat_entry ${along('ix_beat_entry')}
      WHERE prefix = ${prefix} AND ${syntax.isAfter(after)} AND due_at <= ${dueBy}
      ORDER BY due_at, entry LIMIT ${limit}`,
    /** → entry, due_at; of stored entries after a position, by `dueAt`, then by entry. */
    readPositions: (prefix: string, after: EntryPosition, limit: number) => sql`
      SELECT entry, due_at FROM beat_entry ${along('ix_beat_entry')}
      WHERE prefix = ${prefix} AND ${syntax.isAfter(after)}
      ORDER BY prefix, due_at, entry LIMIT ${limit}`,
    /** → entry; names of stored entries from `least` on and after `after`, sorted. */
    readNames: (prefix: string, least: string, after: string, limit: number) => sql`
      SELECT entry FROM beat_entry ${along('PRIMARY')}
      WHERE prefix = ${prefix} AND entry >= ${least} AND entry > ${after} AND due_at > ${NOT_STORED}
      ORDER BY prefix, entry LIMIT ${limit}`,
    /** Writes states, and the other columns if the rows have them. A new row without them is not a stored entry. */
    writeEntries: (prefix: string, rows: readonly EntryValues[], columns: readonly ('due_at' | 'definition')[]) => {
      const types = { entry: 'text', state: 'text', due_at: 'bigint', definition: 'text' } as const;
      const written = ['entry', 'state', ...columns] as const;
      return sql`${insert({
        into: 'beat_entry',
        constants: { prefix: sql`${prefix}`, ...(columns.length === 0 && { due_at: raw(String(NOT_STORED)) }) },
        columns: Object.fromEntries(written.map((name) => [name, types[name]])),
        rows,
      })} ${overwrite('prefix, entry', ...written.slice(1))}`;
    },
    removeEntries: (prefix: string, entries: readonly string[]) =>
      sql`DELETE FROM beat_entry WHERE ${named('entry', prefix, entries)}`,
    removeState: (prefix: string, entry: string) =>
      sql`UPDATE beat_entry SET state = NULL WHERE prefix = ${prefix} AND entry = ${entry}`,

    // instances and broadcasts ---------------------------------------------------------------------

    writeInstance: (prefix: string, id: string, json: string) => sql`
      INSERT INTO beat_instance (prefix, id, json, seen_at) VALUES (${prefix}, ${id}, ${json}, ${now})
      ${overwrite('prefix, id', 'json', 'seen_at')}`,
    removeInstance: (prefix: string, id: string) =>
      sql`DELETE FROM beat_instance WHERE prefix = ${prefix} AND id = ${id}`,
    /** Removes instances that were not written for `ms` milliseconds. */
    removeGoneInstances: (prefix: string, ms: number) => sql`
      DELETE FROM beat_instance
      WHERE prefix = ${prefix} AND (seen_at <= ${now} - ${ms} OR seen_at >= ${now} + ${ms})`,
    /** → id, json, ago (milliseconds since it was written). */
    readInstances: (prefix: string, ms: number) => sql`
      SELECT id, json, ${now} - seen_at AS ago FROM beat_instance
      WHERE prefix = ${prefix} AND seen_at > ${now} - ${ms} AND seen_at < ${now} + ${ms}`,

    writeBroadcast: (exchange: string, id: string, payload: string) => sql`
      INSERT INTO beat_broadcast (exchange, id, payload, sent_at)
      VALUES (${exchange}, ${id}, ${payload}, ${now})`,
    /** Removes broadcasts that are older than `ms` milliseconds. */
    removeOldBroadcasts: (exchange: string, ms: number) =>
      sql`DELETE FROM beat_broadcast WHERE exchange = ${exchange} AND sent_at <= ${now} - ${ms}`,
    /** → id, payload; of the broadcasts of the last `ms` milliseconds. */
    readBroadcasts: (exchange: string, ms: number) => sql`
      SELECT id, payload FROM beat_broadcast
      WHERE exchange = ${exchange} AND sent_at > ${now} - ${ms}`,

    // outbox ---------------------------------------------------------------------------------------

    appendMessages: upsertTexts('beat_outbox', 'message'),
    /** → id; of these ids, only those in the outbox. */
    findPending: (prefix: string, ids: readonly string[]) =>
      sql`SELECT id FROM beat_outbox WHERE ${named('id', prefix, ids)}`,
    /** → id, message; in the order of ids. */
    readPending: (prefix: string, after: string, limit: number) => sql`
      SELECT id, message FROM beat_outbox WHERE prefix = ${prefix} AND id > ${after}
      ORDER BY id LIMIT ${limit}`,
    removeMessages: (prefix: string, ids: readonly string[]) =>
      sql`DELETE FROM beat_outbox WHERE ${named('id', prefix, ids)}`,

    // commands -------------------------------------------------------------------------------------

    /** → position, bytes (of the text); oldest first. */
    readCommandSizes: (prefix: string, limit: number) => sql`
      SELECT position, octet_length(json) AS bytes FROM beat_command
      WHERE prefix = ${prefix} ORDER BY position LIMIT ${limit}`,
    /** → position, json; of these commands. */
    readCommands: (prefix: string, keys: readonly string[]) =>
      sql`SELECT position, json FROM beat_command WHERE ${named('position', prefix, keys)}`,
    removeCommands: (prefix: string, keys: readonly string[]) =>
      sql`DELETE FROM beat_command WHERE ${named('position', prefix, keys)}`,
    /** Overwrites rows of the same ids, because a commit may be repeated. */
    writeAudit: upsertTexts('beat_audit', 'json'),
    /** → id, json; of these ids. */
    findAudit: (prefix: string, ids: readonly string[]) =>
      sql`SELECT id, json FROM beat_audit WHERE ${named('id', prefix, ids)}`,
    /** → id, json; newest first. */
    readAudit: (prefix: string, limit: number) => sql`
      SELECT id, json FROM beat_audit WHERE prefix = ${prefix}
      ORDER BY position DESC LIMIT ${limit}`,
    removeAudit: (prefix: string, id: string) => sql`DELETE FROM beat_audit WHERE prefix = ${prefix} AND id = ${id}`,
    /** Deletes all but the newest `rows`. MySQL reads the table that it deletes from only in a derived table. */
    trimAudit: (prefix: string, rows: number) => sql`
      DELETE FROM beat_audit WHERE prefix = ${prefix} AND position <= (SELECT position FROM (
        SELECT position FROM beat_audit WHERE prefix = ${prefix}
        ORDER BY position DESC LIMIT 1 OFFSET ${rows}) AS surplus)`,

    // history --------------------------------------------------------------------------------------

    appendHistory: (prefix: string, rows: readonly EncodedRow[]) =>
      insert({
        into: 'beat_history',
        constants: { prefix: sql`${prefix}` },
        columns: { entry: 'text', at: 'bigint', json: 'text' },
        rows: rows.map(({ entry, at, text }) => [entry, at, text]),
      }),
    /** → position, json; of rows before the position `end`, newest first. */
    readHistory: (prefix: string, entry: string, end: number, limit: number) => sql`
      SELECT position, json FROM beat_history ${along('ix_beat_history')}
      WHERE prefix = ${prefix} AND entry = ${entry} AND position < ${end}
      ORDER BY prefix, entry, position DESC LIMIT ${limit}`,
    /** → entry, json; of each entry the newest rows, newest first. */
    readLatest: (prefix: string, entries: readonly string[], limit: number) => sql`
      SELECT entry, json FROM (${syntax.newestRows(prefix, entries, limit, 0)}) AS newest
      ORDER BY position DESC`,
    /** Adds counts; replaces another minute in the slot. The number is last: MySQL assigns from left to right. */
    addMinutes: (prefix: string, minutes: readonly MinuteCounts[]) => {
      const isSame = sql`beat_minute.number = ${inserted('number')}`;
      const counters = COUNTERS.map((name) => {
        const stored = raw(`beat_minute.${name}`);
        return sql`${raw(name)} = ${inserted(name)} + CASE WHEN ${isSame} THEN ${stored} ELSE 0 END`;
      });
      return sql`${insert({
        into: 'beat_minute',
        constants: { prefix: sql`${prefix}` },
        columns: {
          slot: 'bigint',
          number: 'bigint',
          ...Object.fromEntries(COUNTERS.map((name) => [name, 'bigint'] as const)),
        },
        rows: minutes.map((counts) => {
          const { slot, number } = placeOfMinute(counts.at);
          return [slot, number, ...COUNTERS.map((name) => counts[name])];
        }),
      })} ${onConflict('prefix, slot')} ${join(counters, ', ')}, number = ${inserted('number')}`;
    },
    /** → number, published, skipped, succeeded, failed. */
    readMinutes: (prefix: string) => sql`
      SELECT number, ${raw(COUNTERS.join(', '))} FROM beat_minute WHERE prefix = ${prefix}`,
    /** Deletes all rows of each entry but its newest `rows`. */
    trimHistory: (prefix: string, entries: readonly string[], rows: number) =>
      syntax.statements.deleteOlderRows(prefix, syntax.newestRows(prefix, entries, 1, rows)),
    removeRows: (prefix: string, entry: string, positions: readonly string[]) => sql`
      DELETE FROM beat_history
      WHERE prefix = ${prefix} AND entry = ${entry} AND ${anyOf('position', positions)}`,

    // kombu's queues -------------------------------------------------------------------------------

    /** → id; no row when the queue is not declared. */
    readQueue: (name: string) => sql`SELECT id FROM kombu_queue WHERE name = ${name}`,
    /**
     * Workers receive visible rows ordered by timestamp, then id. The timestamp is NULL, as kombu's own producer
     * leaves it, so the order is first in, first out.
     */
    insertMessages: (rows: readonly MessageRow[]) => {
      const { column, value } = nextId('message_id_sequence');
      const visible = raw(value + syntax.true.text);
      return insert({
        into: 'kombu_message',
        constants: { [`${column}visible`]: visible, timestamp: raw('NULL'), version: raw('1') },
        columns: { payload: 'text', queue_id: 'bigint' },
        rows: rows.map(({ payload, queueId }) => [payload, queueId]),
      });
    },
    /**
     * → id; of up to `limit` rows that workers have consumed, without the newest `kept`. The timestamp of a
     * consumed row is the worker's local time, so rows are counted rather than aged.
     */
    findConsumed: (limit: number, kept: number) => sql`
      SELECT id FROM kombu_message WHERE timestamp IS NOT NULL AND ${syntax.isConsumed}
      ORDER BY timestamp DESC, id DESC LIMIT ${limit} OFFSET ${kept}`,
    deleteConsumed: (ids: readonly number[]) =>
      sql`DELETE FROM kombu_message WHERE ${anyOf('id', ids)} AND visible = ${syntax.false}`,

    /** → id, queue_id, payload; of the message that kombu would take next from a queue. */
    findNext: (queue: string) => sql`
      SELECT id, queue_id, payload FROM kombu_message
      WHERE queue_id = (SELECT id FROM kombu_queue WHERE name = ${queue})
        AND visible != ${syntax.false}
      ORDER BY timestamp, id LIMIT 1`,
    /** Marks a message as consumed, as kombu does. Changes no row if another worker has consumed it. */
    takeMessage: (id: number) => sql`
      UPDATE kombu_message
      SET visible = ${syntax.false}, version = version + 1, timestamp = ${syntax.consumedAt}
      WHERE id = ${id} AND visible != ${syntax.false}`,
    addUnacked: (tag: string, { queueId, payload }: MessageRow, lease: number) => sql`
      INSERT INTO beat_unacked (tag, queue_id, payload, expires_at)
      VALUES (${tag}, ${queueId}, ${payload}, ${now} + ${lease})`,
    renewUnacked: (tags: readonly string[], lease: number) =>
      sql`UPDATE beat_unacked SET expires_at = ${now} + ${lease} WHERE ${anyOf('tag', tags)}`,
    /** → tag, queue_id, payload; locks the row until the transaction ends. */
    lockUnacked: (tag: string) => sql`SELECT tag, queue_id, payload FROM beat_unacked WHERE tag = ${tag} ${forUpdate}`,
    /** → tag; of a message whose lease has expired. */
    findExpired: sql`SELECT tag FROM beat_unacked WHERE expires_at <= ${now} LIMIT 1`,
    /** → as `lockUnacked`; of all messages whose lease has expired, oldest first. */
    lockExpired: sql`
      SELECT tag, queue_id, payload FROM beat_unacked WHERE expires_at <= ${now}
      ORDER BY expires_at ${forUpdate}`,
    removeUnacked: (tags: readonly string[]) => sql`DELETE FROM beat_unacked WHERE ${anyOf('tag', tags)}`,

    // Celery's results, and tables of other programs -----------------------------------------------

    /** Changes no row if the task has no result. */
    updateResult: (taskId: string, columns: readonly ResultColumn[]) => {
      const changes = columns.map(([name, value]) => sql`${raw(name)} = ${value}`);
      return sql`UPDATE celery_taskmeta SET ${join(changes, ', ')} WHERE task_id = ${taskId}`;
    },
    /** Fails as `retryable` if another process inserts the row at the same time. */
    insertResult: (taskId: string, columns: readonly ResultColumn[]) => {
      const id = nextId('task_id_sequence');
      const names = columns.map(([name]) => `, ${name}`).join('');
      const values = columns.map(([, value]) => sql`, ${value}`);
      return sql`INSERT INTO celery_taskmeta (${raw(`${id.column}task_id${names}`)})
        VALUES (${raw(id.value)}${taskId}${join(values, '')})`;
    },
    /** → task_id, status, done (text), traceback (its end), worker; of ended tasks, without their (long) results. */
    readOutcomes: (taskIds: readonly string[], withWorker: boolean) => sql`
      SELECT task_id, status, CAST(date_done AS ${syntax.textType}) AS done,
        ${syntax.lastCharacters('traceback', 2_000)} AS traceback${raw(withWorker ? ', worker' : '')}
      FROM ${raw(RESULT_TABLE)}
      WHERE ${anyOf('task_id', taskIds)} AND status IN (${raw(FINAL_STATES_SQL)})`,
    /** → name; of the columns of a table, no row if it does not exist. */
    listColumns: syntax.listColumns,
    beginReadOnly: syntax.beginReadOnly,
    /** → the columns of a table, each as text. */
    readAsText: (table: string, columns: readonly string[]) => {
      const casts = columns.map((name) => {
        const column = syntax.quote(name);
        return sql`CAST(${column} AS ${syntax.textType}) AS ${column}`;
      });
      return sql`SELECT ${join(casts, ', ')} FROM ${syntax.quote(table)}`;
    },
  };
}

/** The value of a column: text, a number, bytes, or null. */
export type ColumnValue = string | number | Buffer | null;

export type ResultColumn = readonly [name: string, value: ColumnValue];
