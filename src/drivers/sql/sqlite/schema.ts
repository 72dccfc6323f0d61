import { createResultTable, type TableTypes } from '../tables.ts';

/**
 * The tables of kombu's SQLAlchemy transport, exactly as SQLAlchemy creates them, so that workers and beat may start in
 * any order. AUTOINCREMENT also creates `sqlite_sequence`. The last index is for the workers: they poll a queue for its
 * oldest visible row while they hold the write lock; with kombu's own indexes the query scans all consumed rows and all
 * rows of other queues.
 */
export const KOMBU = [
  `CREATE TABLE IF NOT EXISTS kombu_queue (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	name VARCHAR(200), 
	UNIQUE (name)
)`,
  `CREATE TABLE IF NOT EXISTS kombu_message (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	visible BOOLEAN, 
	timestamp DATETIME, 
	payload TEXT NOT NULL, 
	version SMALLINT NOT NULL, 
	queue_id INTEGER, 
	CONSTRAINT "FK_kombu_message_queue" FOREIGN KEY(queue_id) REFERENCES kombu_queue (id)
)`,
  'CREATE INDEX IF NOT EXISTS ix_kombu_message_visible ON kombu_message (visible)',
  'CREATE INDEX IF NOT EXISTS ix_kombu_message_timestamp_id ON kombu_message (timestamp, id)',
  'CREATE INDEX IF NOT EXISTS ix_kombu_message_timestamp ON kombu_message (timestamp)',
  `CREATE INDEX IF NOT EXISTS ix_beat_pending ON kombu_message (queue_id, timestamp, id)
   WHERE visible != 0`,
];

export const TYPES: TableTypes = {
  name: () => 'TEXT',
  text: 'TEXT',
  integer: 'INTEGER',
  position: 'INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT',
  inlineIndexes: false,
  options: ({ key, hasRowids }) => (key === undefined || hasRowids ? '' : 'WITHOUT ROWID'),
};

export const RESULTS = [
  createResultTable(
    'INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT',
    { result: 'BLOB', date: 'DATETIME', traceback: 'TEXT', bytes: 'BLOB' },
    'UNIQUE (task_id)\n)',
  ),
];
