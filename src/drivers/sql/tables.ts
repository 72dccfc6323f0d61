/** The type of a column. A `name` is compared as bytes, at most that many, because MySQL limits keys. */
type Column = 'text' | 'text null' | 'integer' | 'position' | `name ${number}`;

interface Table {
  readonly columns: Readonly<Record<string, Column>>;
  /** The primary key; absent if the position of a row is the key. */
  readonly key?: string;
  readonly unique?: string;
  readonly indexes?: Readonly<Record<string, string>>;
  /** Whether a SQLite table has rowids: without them, reading long rows in pages along an index is ten times slower. */
  readonly hasRowids?: boolean;
}

const PREFIX = 'name 255';
const ENTRY = 'name 2048';

/** A table of the layout before the first release, and one of its columns. beat does not read that layout. */
export const EARLIER_TABLE = { name: 'beat_record', column: 'record' };

/** beat's own tables; apps that share a database differ in `prefix`. Instants are epoch ms, durations ms. */
export const TABLES: Readonly<Record<string, Table>> = {
  beat_lock: { columns: { prefix: PREFIX, token: 'name 64', expires_at: 'integer', ttl: 'integer' }, key: 'prefix' },
  beat_term: { columns: { prefix: PREFIX, number: 'integer' }, key: 'prefix' },
  beat_outbox: { columns: { prefix: PREFIX, id: 'name 2100', message: 'text' }, key: 'prefix, id' },
  beat_command: {
    columns: { position: 'position', prefix: PREFIX, json: 'text' },
    indexes: { ix_beat_command: 'prefix, position' },
  },
  beat_audit: {
    columns: { position: 'position', prefix: PREFIX, id: 'name 400', json: 'text' },
    unique: 'prefix, id',
    indexes: { ix_beat_audit: 'prefix, position' },
  },
  beat_entry: {
    columns: { prefix: PREFIX, entry: ENTRY, state: 'text null', definition: 'text null', due_at: 'integer' },
    key: 'prefix, entry',
    indexes: { ix_beat_entry: 'prefix, due_at, entry' },
    hasRowids: true,
  },
  beat_instance: { columns: { prefix: PREFIX, id: 'name 255', json: 'text', seen_at: 'integer' }, key: 'prefix, id' },
  beat_broadcast: {
    columns: { exchange: 'name 1024', id: 'name 36', payload: 'text', sent_at: 'integer' },
    key: 'exchange, id',
  },
  beat_unacked: {
    columns: { tag: 'name 36', queue_id: 'integer', payload: 'text', expires_at: 'integer' },
    key: 'tag',
  },
  beat_minute: {
    columns: {
      prefix: PREFIX,
      slot: 'integer',
      number: 'integer',
      published: 'integer',
      skipped: 'integer',
      succeeded: 'integer',
      failed: 'integer',
    },
    key: 'prefix, slot',
  },
  beat_history: {
    columns: { position: 'position', prefix: PREFIX, entry: ENTRY, at: 'integer', json: 'text' },
    indexes: { ix_beat_history: 'prefix, entry, position', ix_beat_history_at: 'prefix, at' },
  },
};

/** The types of a product, and how it creates a table. */
export interface TableTypes {
  /** The type of a name of at most `bytes` bytes. */
  readonly name: (bytes: number) => string;
  readonly text: string;
  readonly integer: string;
  /** A primary key that grows with each row. */
  readonly position: string;
  /** Whether indexes belong to the definition of their table: MySQL creates no index "if not exists". */
  readonly inlineIndexes: boolean;
  /** The end of a definition, such as the storage engine. */
  readonly options: (table: Table) => string;
}

export function createTables(types: TableTypes): readonly string[] {
  return Object.entries(TABLES).flatMap(([name, table]) => {
    const { columns, key, unique, indexes = {} } = table;
    const separate = Object.entries(indexes).map(
      ([index, on]) => `CREATE INDEX IF NOT EXISTS ${index} ON ${name} (${on})`,
    );
    const inline = Object.entries(indexes).map(([index, on]) => `INDEX ${index} (${on})`);
    const definition = [
      ...Object.entries(columns).map(([column, type]) => `${column} ${toType(type, types)}`),
      ...(key === undefined ? [] : [`PRIMARY KEY (${key})`]),
      ...(unique === undefined ? [] : [`UNIQUE (${unique})`]),
      ...(types.inlineIndexes ? inline : []),
    ].join(',\n    ');
    const create = `CREATE TABLE IF NOT EXISTS ${name} (\n    ${definition}\n  ) ${types.options(table)}`;
    return types.inlineIndexes ? [create] : [create, ...separate];
  });
}

function toType(column: Column, { name, ...types }: TableTypes): string {
  if (column === 'text null') return types.text;
  if (column === 'position') return types.position;
  const type = column.startsWith('name ') ? name(Number(column.slice(5))) : types[column as 'text'];
  return `${type} NOT NULL`;
}

/** The result table as SQLAlchemy creates it for Celery 5.7, for earlier versions too. `keys` ends the definition. */
export const createResultTable = (id: string, types: ResultTypes, keys: string): string => `
CREATE TABLE IF NOT EXISTS celery_taskmeta (
	id ${id}, 
	task_id VARCHAR(155), 
	status VARCHAR(50), 
	result ${types.result}, 
	date_done ${types.date}, 
	traceback ${types.traceback}, 
	children ${types.bytes}, 
	name VARCHAR(155), 
	args ${types.bytes}, 
	kwargs ${types.bytes}, 
	worker VARCHAR(155), 
	retries INTEGER, 
	queue VARCHAR(155), 
	stamps ${types.bytes}, 
	${keys}`;

type ResultTypes = Readonly<Record<'result' | 'date' | 'traceback' | 'bytes', string>>;
