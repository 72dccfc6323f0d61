import type { OpenConsumer } from '../../../contracts/broker/consumer.ts';
import { openSqlConsumer, type ConsumerStatements } from '../consumer.ts';
import { mysqlDialect } from './dialect.ts';
import { NOW, sql } from './statements.ts';

/** Consumes queues of kombu's tables in MySQL and MariaDB. */
export const openMysqlConsumer: OpenConsumer = (options) =>
  openSqlConsumer(options, mysqlDialect, CONSUMER_STATEMENTS);

const UNACKED = 'tag, queue_id AS queueId, payload';

const CONSUMER_STATEMENTS: ConsumerStatements = {
  findNext: (queue) =>
    sql(
      `SELECT id, queue_id AS queueId, payload FROM kombu_message
       WHERE queue_id = (SELECT id FROM kombu_queue WHERE name = ?) AND visible != 0
       ORDER BY timestamp, id LIMIT 1`,
      queue,
    ),
  takeMessage: (id) =>
    sql(
      `UPDATE kombu_message SET visible = 0, version = version + 1, timestamp = NOW()
       WHERE id = ? AND visible != 0`,
      id,
    ),
  addUnacked: (tag, { queueId, payload }, lease) =>
    sql(
      `INSERT INTO beat_unacked (tag, queue_id, payload, expires_at) VALUES (?, ?, ?, ${NOW} + ?)`,
      ...[tag, queueId, payload, lease],
    ),
  renewUnacked: (tags, lease) =>
    sql(`UPDATE beat_unacked SET expires_at = ${NOW} + ? WHERE tag IN (?)`, lease, tags),
  lockUnacked: (tag) => sql(`SELECT ${UNACKED} FROM beat_unacked WHERE tag = ? FOR UPDATE`, tag),
  findExpired: sql(`SELECT tag FROM beat_unacked WHERE expires_at <= ${NOW} LIMIT 1`),
  lockExpired: sql(
    `SELECT ${UNACKED} FROM beat_unacked WHERE expires_at <= ${NOW} ORDER BY expires_at FOR UPDATE`,
  ),
  removeUnacked: (tags) => sql('DELETE FROM beat_unacked WHERE tag IN (?)', tags),
};
