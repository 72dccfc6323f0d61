import type { OpenConsumer } from '../../../contracts/broker/consumer.ts';
import { openSqlConsumer, type ConsumerStatements } from '../consumer.ts';
import { postgresDialect } from './dialect.ts';
import { NOW, sql } from './statements.ts';

/** Consumes queues of kombu's tables in PostgreSQL. */
export const openPostgresConsumer: OpenConsumer = (options) =>
  openSqlConsumer(options, postgresDialect, CONSUMER_STATEMENTS);

const UNACKED = 'tag, queue_id AS "queueId", payload';

export const CONSUMER_STATEMENTS: ConsumerStatements = {
  findNext: (queue) =>
    sql(
      `SELECT id, queue_id AS "queueId", payload FROM kombu_message
       WHERE queue_id = (SELECT id FROM kombu_queue WHERE name = $1) AND visible != false
       ORDER BY timestamp, id LIMIT 1`,
      queue,
    ),
  takeMessage: (id) =>
    sql(
      `UPDATE kombu_message SET visible = false, version = version + 1, timestamp = localtimestamp
       WHERE id = $1 AND visible != false`,
      id,
    ),
  addUnacked: (tag, { queueId, payload }, lease) =>
    sql(
      `INSERT INTO beat_unacked (tag, queue_id, payload, expires_at) VALUES ($1, $2, $3, ${NOW} + $4)`,
      ...[tag, queueId, payload, lease],
    ),
  renewUnacked: (tags, lease) =>
    sql(
      `UPDATE beat_unacked SET expires_at = ${NOW} + $2 WHERE tag = ANY($1::text[])`,
      tags,
      lease,
    ),
  lockUnacked: (tag) => sql(`SELECT ${UNACKED} FROM beat_unacked WHERE tag = $1 FOR UPDATE`, tag),
  findExpired: sql(`SELECT tag FROM beat_unacked WHERE expires_at <= ${NOW} LIMIT 1`),
  lockExpired: sql(
    `SELECT ${UNACKED} FROM beat_unacked WHERE expires_at <= ${NOW} ORDER BY expires_at FOR UPDATE`,
  ),
  removeUnacked: (tags) => sql('DELETE FROM beat_unacked WHERE tag = ANY($1::text[])', tags),
};
