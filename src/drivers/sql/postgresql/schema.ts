/**
 * The tables of kombu's SQLAlchemy transport, exactly as SQLAlchemy creates them, so that workers and beat may
 * start in any order. The id columns have no default: each `INSERT` names its sequence.
 */
const KOMBU = [
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

/** beat's own tables. `prefix` is the key prefix, so that several apps can share one database. Names are compared as bytes. */
const BEAT = [
  `CREATE TABLE IF NOT EXISTS beat_lock (
    prefix TEXT COLLATE "C" PRIMARY KEY,
    token TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    ttl BIGINT NOT NULL
  )`,
  `CREATE TABLE IF NOT EXISTS beat_term (
    prefix TEXT COLLATE "C" PRIMARY KEY,
    number BIGINT NOT NULL
  )`,
  `CREATE TABLE IF NOT EXISTS beat_record (
    prefix TEXT COLLATE "C" NOT NULL,
    entry TEXT COLLATE "C" NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (prefix, entry)
  )`,
  `CREATE TABLE IF NOT EXISTS beat_outbox (
    prefix TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (prefix, id)
  )`,
  `CREATE TABLE IF NOT EXISTS beat_command (
    position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    prefix TEXT COLLATE "C" NOT NULL,
    json TEXT NOT NULL
  )`,
  'CREATE INDEX IF NOT EXISTS ix_beat_command ON beat_command (prefix, position)',
  `CREATE TABLE IF NOT EXISTS beat_audit (
    position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    prefix TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    json TEXT NOT NULL,
    UNIQUE (prefix, id)
  )`,
  'CREATE INDEX IF NOT EXISTS ix_beat_audit ON beat_audit (prefix, position)',
  `CREATE TABLE IF NOT EXISTS beat_entry (
    prefix TEXT COLLATE "C" NOT NULL,
    entry TEXT COLLATE "C" NOT NULL,
    definition TEXT NOT NULL,
    record TEXT,
    due_at BIGINT NOT NULL,
    PRIMARY KEY (prefix, entry)
  )`,
  'CREATE INDEX IF NOT EXISTS ix_beat_entry ON beat_entry (prefix, due_at, entry)',
  `CREATE TABLE IF NOT EXISTS beat_instance (
    prefix TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    json TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (prefix, id)
  )`,
  `CREATE TABLE IF NOT EXISTS beat_broadcast (
    exchange TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    payload TEXT NOT NULL,
    sent_at BIGINT NOT NULL,
    PRIMARY KEY (exchange, id)
  )`,
  `CREATE TABLE IF NOT EXISTS beat_unacked (
    tag TEXT COLLATE "C" PRIMARY KEY,
    queue_id INTEGER NOT NULL,
    payload TEXT NOT NULL,
    expires_at BIGINT NOT NULL
  )`,
  `CREATE TABLE IF NOT EXISTS beat_minute (
    prefix TEXT COLLATE "C" NOT NULL,
    slot INTEGER NOT NULL,
    number BIGINT NOT NULL,
    published BIGINT NOT NULL,
    skipped BIGINT NOT NULL,
    succeeded BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    PRIMARY KEY (prefix, slot)
  )`,
  `CREATE TABLE IF NOT EXISTS beat_history (
    position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    prefix TEXT COLLATE "C" NOT NULL,
    entry TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    json TEXT NOT NULL
  )`,
  'CREATE INDEX IF NOT EXISTS ix_beat_history ON beat_history (prefix, entry, position)',
  'CREATE INDEX IF NOT EXISTS ix_beat_history_at ON beat_history (prefix, at)',
];

/** Instances create the tables one after the other: two "if not exists" at once can collide. */
const SERIALIZE = `SELECT pg_advisory_xact_lock(hashtext('beat: schema'))`;

export const SCHEMA: readonly string[] = ['BEGIN', SERIALIZE, ...KOMBU, ...BEAT, 'COMMIT'];

/**
 * An index for the workers, which query the oldest visible row of a queue: with kombu's own indexes the query
 * scans the rows of other queues, or all consumed ones.
 */
export const VISIBLE_ROWS = `
  CREATE INDEX IF NOT EXISTS ix_beat_pending ON kombu_message (queue_id, timestamp, id)
  WHERE visible != false`;
