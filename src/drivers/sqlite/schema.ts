/**
 * The tables of kombu's SQLAlchemy transport, exactly as SQLAlchemy creates them, so that either a worker or beat
 * may create them. AUTOINCREMENT also creates `sqlite_sequence`.
 */
const KOMBU = `
CREATE TABLE IF NOT EXISTS kombu_queue (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	name VARCHAR(200), 
	UNIQUE (name)
);
CREATE TABLE IF NOT EXISTS kombu_message (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	visible BOOLEAN, 
	timestamp DATETIME, 
	payload TEXT NOT NULL, 
	version SMALLINT NOT NULL, 
	queue_id INTEGER, 
	CONSTRAINT "FK_kombu_message_queue" FOREIGN KEY(queue_id) REFERENCES kombu_queue (id)
);
CREATE INDEX IF NOT EXISTS ix_kombu_message_visible ON kombu_message (visible);
CREATE INDEX IF NOT EXISTS ix_kombu_message_timestamp_id ON kombu_message (timestamp, id);
CREATE INDEX IF NOT EXISTS ix_kombu_message_timestamp ON kombu_message (timestamp);
`;

/**
 * An index for the workers. They poll a queue for its oldest visible row while they hold the write lock; with
 * kombu's own indexes the query scans all consumed rows and all rows of other queues.
 */
const PENDING = `
CREATE INDEX IF NOT EXISTS ix_beat_pending ON kombu_message (queue_id, timestamp, id)
WHERE visible != 0;
`;

/**
 * beat's own state. `prefix` is the key prefix: several apps may share one file. Instants are milliseconds since
 * the Unix epoch, durations are milliseconds. The rows of `beat_entry` are long, and a page of them is read by an index:
 * without rowids it would take ten times as long among a million rows.
 */
const BEAT = `
CREATE TABLE IF NOT EXISTS beat_lock (
  prefix TEXT NOT NULL PRIMARY KEY,
  token TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  ttl INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS beat_term (
  prefix TEXT NOT NULL PRIMARY KEY,
  number INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS beat_record (
  prefix TEXT NOT NULL,
  entry TEXT NOT NULL,
  record TEXT NOT NULL,
  PRIMARY KEY (prefix, entry)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS beat_outbox (
  prefix TEXT NOT NULL,
  id TEXT NOT NULL,
  message TEXT NOT NULL,
  PRIMARY KEY (prefix, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS beat_command (
  position INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  prefix TEXT NOT NULL,
  json TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_beat_command ON beat_command (prefix, position);
CREATE TABLE IF NOT EXISTS beat_audit (
  position INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  prefix TEXT NOT NULL,
  id TEXT NOT NULL,
  json TEXT NOT NULL,
  UNIQUE (prefix, id)
);
CREATE INDEX IF NOT EXISTS ix_beat_audit ON beat_audit (prefix, position);
CREATE TABLE IF NOT EXISTS beat_entry (
  prefix TEXT NOT NULL,
  entry TEXT NOT NULL,
  definition TEXT NOT NULL,
  record TEXT,
  due_at INTEGER NOT NULL,
  PRIMARY KEY (prefix, entry)
);
CREATE INDEX IF NOT EXISTS ix_beat_entry ON beat_entry (prefix, due_at, entry);
CREATE TABLE IF NOT EXISTS beat_instance (
  prefix TEXT NOT NULL,
  id TEXT NOT NULL,
  json TEXT NOT NULL,
  seen_at INTEGER NOT NULL,
  PRIMARY KEY (prefix, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS beat_history (
  position INTEGER NOT NULL PRIMARY KEY,
  prefix TEXT NOT NULL,
  entry TEXT NOT NULL,
  at INTEGER NOT NULL,
  json TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_beat_history ON beat_history (prefix, entry, position);
CREATE INDEX IF NOT EXISTS ix_beat_history_at ON beat_history (prefix, at);
CREATE TABLE IF NOT EXISTS beat_minute (
  prefix TEXT NOT NULL,
  slot INTEGER NOT NULL,
  number INTEGER NOT NULL,
  published INTEGER NOT NULL,
  skipped INTEGER NOT NULL,
  succeeded INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  PRIMARY KEY (prefix, slot)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS beat_broadcast (
  exchange TEXT NOT NULL,
  id TEXT NOT NULL,
  payload TEXT NOT NULL,
  sent_at INTEGER NOT NULL,
  PRIMARY KEY (exchange, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS beat_unacked (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  queue_id INTEGER NOT NULL,
  payload TEXT NOT NULL,
  expires_at INTEGER NOT NULL
);
`;

export const SCHEMA = KOMBU + PENDING + BEAT;
