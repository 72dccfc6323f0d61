/**
 * Executable comments, of which MariaDB and MySQL each run only their own: SQLAlchemy uses sequences on MariaDB
 * (from 10.3 on) and auto-increment on MySQL.
 */
const onMaria = (text: string): string => `/*M!100300 ${text} */`;
const onMySql = (text: string): string => `/*!50700 ${text} */`;

/** A sequence, which MySQL does not have. There the statement does nothing, as an empty one is an error. */
export const sequence = (name: string): string =>
  onMaria(`CREATE SEQUENCE IF NOT EXISTS ${name}`) + onMySql('DO 0');

/** The type of an id column. */
export const ID_TYPE = `INTEGER NOT NULL ${onMySql('AUTO_INCREMENT')}`;

/** The id column and its value in an `INSERT`, each with its comma. */
export const ID_COLUMN = onMaria('id,');
export const nextId = (name: string): string => onMaria(`nextval(${name}),`);

/**
 * The tables of kombu's SQLAlchemy transport, as SQLAlchemy creates them, so that workers and beat may start in
 * any order.
 */
const KOMBU = [
  sequence('queue_id_sequence'),
  `CREATE TABLE IF NOT EXISTS kombu_queue (
    id ${ID_TYPE},
    name VARCHAR(200),
    PRIMARY KEY (id),
    UNIQUE (name)
  ) ENGINE=InnoDB`,
  sequence('message_id_sequence'),
  `CREATE TABLE IF NOT EXISTS kombu_message (
    id ${ID_TYPE},
    visible BOOL,
    timestamp DATETIME,
    payload TEXT NOT NULL,
    version SMALLINT NOT NULL,
    queue_id INTEGER,
    PRIMARY KEY (id),
    CONSTRAINT \`FK_kombu_message_queue\` FOREIGN KEY(queue_id) REFERENCES kombu_queue (id),
    INDEX ix_kombu_message_timestamp_id (timestamp, id),
    INDEX ix_kombu_message_timestamp (timestamp),
    INDEX ix_kombu_message_visible (visible)
  ) ENGINE=InnoDB`,
];

/** Independent of the database's default character set, and with long index keys. */
const TABLE = 'ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';

/**
 * beat's own tables. `prefix` is the key prefix, so that several apps can share one database. Names are binary,
 * because collations treat some different texts as equal.
 */
const BEAT = [
  `CREATE TABLE IF NOT EXISTS beat_lock (
    prefix VARBINARY(255) NOT NULL PRIMARY KEY,
    token VARCHAR(64) NOT NULL,
    expires_at BIGINT NOT NULL,
    ttl BIGINT NOT NULL
  ) ${TABLE}`,
  `CREATE TABLE IF NOT EXISTS beat_term (
    prefix VARBINARY(255) NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL
  ) ${TABLE}`,
  `CREATE TABLE IF NOT EXISTS beat_record (
    prefix VARBINARY(255) NOT NULL,
    entry VARBINARY(2048) NOT NULL,
    record LONGTEXT NOT NULL,
    PRIMARY KEY (prefix, entry)
  ) ${TABLE}`,
  `CREATE TABLE IF NOT EXISTS beat_outbox (
    prefix VARBINARY(255) NOT NULL,
    id VARBINARY(2100) NOT NULL,
    message LONGTEXT NOT NULL,
    PRIMARY KEY (prefix, id)
  ) ${TABLE}`,
  `CREATE TABLE IF NOT EXISTS beat_command (
    position BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    prefix VARBINARY(255) NOT NULL,
    json LONGTEXT NOT NULL,
    INDEX ix_beat_command (prefix, position)
  ) ${TABLE}`,
  `CREATE TABLE IF NOT EXISTS beat_audit (
    position BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    prefix VARBINARY(255) NOT NULL,
    id VARBINARY(400) NOT NULL,
    json LONGTEXT NOT NULL,
    UNIQUE (prefix, id),
    INDEX ix_beat_audit (prefix, position)
  ) ${TABLE}`,
  `CREATE TABLE IF NOT EXISTS beat_entry (
    prefix VARBINARY(255) NOT NULL,
    entry VARBINARY(2048) NOT NULL,
    definition LONGTEXT NOT NULL,
    record LONGTEXT,
    due_at BIGINT NOT NULL,
    PRIMARY KEY (prefix, entry),
    INDEX ix_beat_entry (prefix, due_at, entry)
  ) ${TABLE}`,
  `CREATE TABLE IF NOT EXISTS beat_instance (
    prefix VARBINARY(255) NOT NULL,
    id VARBINARY(255) NOT NULL,
    json LONGTEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (prefix, id)
  ) ${TABLE}`,
  `CREATE TABLE IF NOT EXISTS beat_broadcast (
    exchange VARBINARY(1024) NOT NULL,
    id VARBINARY(36) NOT NULL,
    payload LONGTEXT NOT NULL,
    sent_at BIGINT NOT NULL,
    PRIMARY KEY (exchange, id)
  ) ${TABLE}`,
  `CREATE TABLE IF NOT EXISTS beat_unacked (
    tag VARBINARY(36) NOT NULL PRIMARY KEY,
    queue_id INTEGER NOT NULL,
    payload LONGTEXT NOT NULL,
    expires_at BIGINT NOT NULL
  ) ${TABLE}`,
  `CREATE TABLE IF NOT EXISTS beat_minute (
    prefix VARBINARY(255) NOT NULL,
    slot INTEGER NOT NULL,
    number BIGINT NOT NULL,
    published BIGINT NOT NULL,
    skipped BIGINT NOT NULL,
    succeeded BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    PRIMARY KEY (prefix, slot)
  ) ${TABLE}`,
  `CREATE TABLE IF NOT EXISTS beat_history (
    position BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    prefix VARBINARY(255) NOT NULL,
    entry VARBINARY(2048) NOT NULL,
    at BIGINT NOT NULL,
    json LONGTEXT NOT NULL,
    INDEX ix_beat_history (prefix, entry, position),
    INDEX ix_beat_history_at (prefix, at)
  ) ${TABLE}`,
];

export const SCHEMA: readonly string[] = [...KOMBU, ...BEAT];
