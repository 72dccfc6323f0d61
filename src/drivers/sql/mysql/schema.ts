/**
 * MariaDB and MySQL each read executable comments that the other takes for none: what SQLAlchemy does on
 * MariaDB alone (sequences, from 10.3 on), and what it does on MySQL.
 */
const onMaria = (text: string): string => `/*M!100300 ${text} */`;
const onMySql = (text: string): string => `/*!50700 ${text} */`;

/** A sequence, which MySQL does not have. Nothing at all would be no statement there. */
const sequence = (name: string): string =>
  onMaria(`CREATE SEQUENCE IF NOT EXISTS ${name}`) + onMySql('DO 0');

/** The columns and the values that give a new row its id, each with its comma. */
export const ID_COLUMN = onMaria('id,');
export const idFrom = (name: string): string => onMaria(`nextval(${name}),`);

/**
 * The tables of kombu's SQLAlchemy transport, as SQLAlchemy creates them, so that it does not matter
 * whether a worker or beat comes first.
 */
const KOMBU = [
  sequence('queue_id_sequence'),
  `CREATE TABLE IF NOT EXISTS kombu_queue (
    id INTEGER NOT NULL ${onMySql('AUTO_INCREMENT')},
    name VARCHAR(200),
    PRIMARY KEY (id),
    UNIQUE (name)
  ) ENGINE=InnoDB`,
  sequence('message_id_sequence'),
  `CREATE TABLE IF NOT EXISTS kombu_message (
    id INTEGER NOT NULL ${onMySql('AUTO_INCREMENT')},
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

/** Whatever the database's own is, and nothing that an index is too short for. */
const TABLE = 'ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';

/**
 * beat's own state. `prefix` is the key prefix: several apps may share one database. Names are bytes: as
 * texts, some that differ would be the same.
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
];

export const SCHEMA: readonly string[] = [...KOMBU, ...BEAT];
