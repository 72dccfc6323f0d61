import { createResultTable, type TableTypes } from '../tables.ts';

/**
 * The tables of kombu's SQLAlchemy transport, exactly as SQLAlchemy creates them, so that workers and beat may
 * start in any order. The id columns have no default: each `INSERT` names its sequence.
 */
export const KOMBU = [
  'CREATE SEQUENCE IF NOT EXISTS queue_id_sequence',
  `CREATE TABLE IF NOT EXISTS kombu_queue (
    id INTEGER NOT NULL,
    name VARCHAR(200),
    PRIMARY KEY (id),
    UNIQUE (name)
  )`,
  'CREATE SEQUENCE IF NOT EXISTS message_id_sequence',
  `CREATE TABLE IF NOT EXISTS kombu_message (
    id INTEGER NOT NULL,
    visible BOOLEAN,
    timestamp TIMESTAMP WITHOUT TIME ZONE,
    payload TEXT NOT NULL,
    version SMALLINT NOT NULL,
    queue_id INTEGER,
    PRIMARY KEY (id),
    CONSTRAINT "FK_kombu_message_queue" FOREIGN KEY(queue_id) REFERENCES kombu_queue (id)
  )`,
  'CREATE INDEX IF NOT EXISTS ix_kombu_message_timestamp_id ON kombu_message (timestamp, id)',
  'CREATE INDEX IF NOT EXISTS ix_kombu_message_timestamp ON kombu_message (timestamp)',
  'CREATE INDEX IF NOT EXISTS ix_kombu_message_visible ON kombu_message (visible)',
];

/** Names are compared as bytes. */
export const TYPES: TableTypes = {
  name: () => 'TEXT COLLATE "C"',
  text: 'TEXT',
  integer: 'BIGINT',
  position: 'BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
  inlineIndexes: false,
  options: () => '',
};

export const RESULTS = [
  'CREATE SEQUENCE IF NOT EXISTS task_id_sequence',
  createResultTable(
    'INTEGER NOT NULL',
    { result: 'BYTEA', date: 'TIMESTAMP WITHOUT TIME ZONE', traceback: 'TEXT', bytes: 'BYTEA' },
    'PRIMARY KEY (id), UNIQUE (task_id))',
  ),
  'CREATE INDEX IF NOT EXISTS ix_celery_taskmeta_date_done ON celery_taskmeta (date_done)',
];

/** Workers query the oldest visible row of a queue, for which kombu's own indexes scan other or consumed rows. */
export const VISIBLE_ROWS = `
  CREATE INDEX IF NOT EXISTS ix_beat_pending ON kombu_message (queue_id, timestamp, id)
  WHERE visible != false`;
