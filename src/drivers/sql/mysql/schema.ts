import { createResultTable, type TableTypes } from '../tables.ts';

/** MariaDB and MySQL each run only their own comments. SQLAlchemy uses sequences on MariaDB, not on MySQL. */
const onMaria = (text: string): string => `/*M!100300 ${text} */`;
const onMySql = (text: string): string => `/*!50700 ${text} */`;

/** Creates a sequence on MariaDB. MySQL has no sequences and rejects an empty statement, so it runs `DO 0`. */
const sequence = (name: string): string => onMaria(`CREATE SEQUENCE IF NOT EXISTS ${name}`) + onMySql('DO 0');

const ID_TYPE = `INTEGER NOT NULL ${onMySql('AUTO_INCREMENT')}`;

/** The id column of a table and its next value in an `INSERT`, each with its comma. */
export const nextId = (name: string) => ({ column: `${onMaria('id,')} `, value: `${onMaria(`nextval(${name}),`)} ` });

/** The tables of kombu's transport, as SQLAlchemy creates them: workers and beat may start in any order. */
export const KOMBU = [
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

/** Table options: independent of the database's default character set, and with long index keys. */
const TABLE = 'ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';

/** Names are binary, because collations treat some different texts as equal. */
export const TYPES: TableTypes = {
  name: (bytes) => `VARBINARY(${bytes})`,
  text: 'LONGTEXT',
  integer: 'BIGINT',
  position: 'BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY',
  inlineIndexes: true,
  options: () => TABLE,
};

/** Celery's result table with larger results: `BLOB` ends at 64 KiB, and the output of one job may be that long. */
export const RESULTS = [
  sequence('task_id_sequence'),
  createResultTable(
    ID_TYPE,
    { result: 'MEDIUMBLOB', date: 'DATETIME', traceback: 'MEDIUMTEXT', bytes: 'BLOB' },
    `PRIMARY KEY (id), UNIQUE (task_id), INDEX ix_celery_taskmeta_date_done (date_done)
    ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4`,
  ),
];
