import { Database } from '../../src/drivers/sql/database.ts';
import type { ErrorKind, SqlRow, SqlDialect } from '../../src/drivers/sql/dialect.ts';
import { SCHEMA, STATEMENTS } from '../../src/drivers/sql/postgresql/syntax.ts';
import type { Sql } from '../../src/drivers/sql/sql.ts';
import type { Clock } from '../../src/util/clock.ts';
import { systemClock } from '../../src/util/system-clock.ts';

/** An error of a server, with its meaning. */
export class SqlError extends Error {
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind, message: string = kind) {
    super(message);
    this.kind = kind;
  }
}

/** A database in the dialect of PostgreSQL that records its statements, and answers as the test says. */
export class FakeDatabase {
  readonly statements: Sql[] = [];
  /** The rows of a statement; a write changes as many rows. Throws `SqlError` for an error of the server. */
  answer: (statement: Sql) => readonly SqlRow[] = () => [];
  readonly db: Database;

  constructor(clock: Clock = systemClock) {
    const dialect: SqlDialect = {
      name: 'SQL',
      location: 'here',
      user: null,
      listen: null,
      sql: STATEMENTS,
      schema: SCHEMA,
      workerIndexes: [],
      file: null,
      mask: (text) => text,
      classifyError: (error) => (error instanceof SqlError ? error.kind : 'connection-lost'),
      connect: async () => ({
        usable: true,
        run: async (statement) => {
          this.statements.push(statement);
          const rows = this.answer(statement);
          return { rows, changes: rows.length };
        },
        close: async () => {},
      }),
    };
    this.db = new Database(dialect, 'test', 1_000, clock);
  }

  /** The recorded statements with this text, with any values. */
  like({ text }: Sql): Sql[] {
    return this.statements.filter((each) => each.text === text);
  }
}
