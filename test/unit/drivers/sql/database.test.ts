import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { Database } from '../../../../src/drivers/sql/database.ts';
import { DatabaseError } from '../../../../src/drivers/sql/database-error.ts';
import { STATEMENTS } from '../../../../src/drivers/sql/postgresql/syntax.ts';
import type { Connection, ErrorKind, SqlDialect } from '../../../../src/drivers/sql/dialect.ts';
import type { Sql } from '../../../../src/drivers/sql/sql.ts';
import { settle } from '../../../support/settle.ts';

const TIMEOUT = 1_000;
const sql = (text: string): Sql => ({ text, values: [] });

class Failure extends Error {
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind, message: string = kind) {
    super(message);
    this.kind = kind;
  }
}

/** A server whose answers a test plays; it notes what it is asked. */
class FakeServer {
  readonly clock = new ManualClock('2027-03-01T12:00:00Z');
  readonly asked: string[] = [];
  connections = 0;
  open = 0;
  /** What a statement fails with; `undefined` for an answer. */
  answer: (text: string) => ErrorKind | Error | undefined = () => undefined;
  readonly db: Database;

  constructor(user: string | null = 'me') {
    const dialect: SqlDialect = {
      name: 'Fake',
      location: 'fake://db',
      user,
      listen: null,
      mask: (text) => text.replaceAll('hunter2', '***'),
      sql: STATEMENTS,
      schema: [sql('table 1'), sql('table 2')],
      workerIndexes: [sql('gift 1'), sql('gift 2')],
      file: null,
      connect: async () => this.#connect(),
      classifyError: (error) => (error instanceof Failure ? error.kind : 'connection-lost'),
    };
    this.db = new Database(dialect, 'test', TIMEOUT, this.clock);
  }

  /** Lets time pass until the promise has settled. */
  async finish<T>(work: Promise<T>): Promise<T> {
    const end = new AbortController();
    work.then(
      () => end.abort(),
      () => end.abort(),
    );
    for (let i = 0; i < 2_000 && !end.signal.aborted; i++) {
      await settle();
      this.clock.advance(1);
    }
    return work;
  }

  #connect(): Connection {
    this.connections += 1;
    this.open += 1;
    let usable = true;
    return {
      get usable() {
        return usable;
      },
      run: async ({ text }) => {
        this.asked.push(text);
        const failure = this.answer(text);
        if (failure === undefined) return { rows: [{ n: 1 }], changes: 3 };
        const error = failure instanceof Error ? failure : new Failure(failure);
        if (!(error instanceof Failure) || error.kind === 'connection-lost') usable = false;
        throw error;
      },
      close: async () => {
        usable = false;
        this.open -= 1;
      },
    };
  }
}

async function catchError(work: Promise<unknown>): Promise<DatabaseError> {
  const error = await work.then(
    () => new Error('it resolved'),
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(DatabaseError);
  return error as DatabaseError;
}

test('sql database: read returns rows, and write the number of changed rows', async () => {
  const { db, asked } = new FakeServer();
  expect(await db.read('a', sql('look'))).toEqual([{ n: 1 }]);
  expect(await db.write('b', sql('change'))).toBe(3);
  expect(asked).toEqual(['look', 'change']);
});

test('sql database: connects at the first operation, once', async () => {
  const server = new FakeServer();
  expect(server.connections).toBe(0);
  await Promise.all([server.db.read('a', sql('1')), server.db.read('a', sql('2'))]);
  await server.db.read('a', sql('3'));
  expect(server.connections).toBe(1);
  expect(server.asked).toEqual(['1', '2', '3']);
});

test('sql database: transactions run one after the other, each between its begin and its commit', async () => {
  const { db, asked } = new FakeServer();
  const both = ['one', 'two'].map((text) =>
    db.transaction('t', async (tx) => {
      await tx.run(sql(`${text} first`));
      await tx.run(sql(`${text} second`));
      return text;
    }),
  );
  expect(await Promise.all(both)).toEqual(['one', 'two']);
  expect(asked).toEqual([
    ...['BEGIN', 'one first', 'one second', 'COMMIT'],
    ...['BEGIN', 'two first', 'two second', 'COMMIT'],
  ]);
});

test('sql database: a transaction whose work throws is rolled back, and the next operation runs', async () => {
  const { db, asked } = new FakeServer();
  const work = db.transaction('t', () => Promise.reject(new Failure('other')));
  await catchError(work);
  await db.read('a', sql('next'));
  expect(asked).toEqual(['BEGIN', 'ROLLBACK', 'next']);
});

test('sql database: a connection whose rollback fails is closed, and the next operation opens another', async () => {
  const server = new FakeServer();
  server.answer = (text) => (text === 'bad' || text === 'ROLLBACK' ? 'other' : undefined);
  await catchError(server.db.transaction('t', (tx) => tx.run(sql('bad'))));
  await server.db.read('a', sql('next'));
  expect(server.connections).toBe(2);
});

test('sql database: a transaction whose connection was lost is not rolled back, and the connection is closed', async () => {
  const server = new FakeServer();
  server.answer = (text) => (text === 'bad' ? 'connection-lost' : undefined);
  const error = await catchError(server.db.transaction('t', (tx) => tx.run(sql('bad'))));
  expect(error.kind).toBe('connection-lost');
  expect(server.asked).toEqual(['BEGIN', 'bad']);
  expect(server.open).toBe(0);
  await server.db.read('a', sql('next'));
  expect([server.connections, server.open]).toEqual([2, 1]);
});

describe('sql database: an operation that the server rolled back', () => {
  test('is retried after growing pauses until it succeeds', async () => {
    const server = new FakeServer();
    const at: number[] = [];
    server.answer = () => {
      at.push(server.clock.monotonic());
      return at.length < 8 ? 'retryable' : undefined;
    };
    expect(await server.finish(server.db.write('w', sql('change')))).toBe(3);
    const pauses = at.slice(1).map((each, i) => each - at[i]!);
    expect(pauses).toEqual([2, 5, 10, 20, 40, 80, 160]);
  });

  test('fails after eight attempts', async () => {
    const server = new FakeServer();
    server.answer = () => 'retryable';
    const error = await catchError(server.finish(server.db.write('w', sql('change'))));
    expect(error).toMatchObject({ kind: 'retryable', message: 'w: Fake refused: retryable (fake://db)' });
    expect(server.asked).toHaveLength(8);
  });

  test('fails when the time limit has passed', async () => {
    const server = new FakeServer();
    server.answer = () => {
      server.clock.advance(TIMEOUT / 2);
      return 'retryable';
    };
    await catchError(server.finish(server.db.write('w', sql('change'))));
    expect(server.asked).toHaveLength(2);
  });

  test('fails at once when the first attempt takes the whole time limit', async () => {
    const server = new FakeServer();
    server.answer = () => {
      server.clock.advance(TIMEOUT);
      return 'retryable';
    };
    await catchError(server.finish(server.db.write('w', sql('change'))));
    expect(server.asked).toHaveLength(1);
  });

  test.each<ErrorKind>(['invalid-data', 'denied', 'other', 'connection-lost'])(
    'is retried, while an error of the kind %s is not',
    async (kind) => {
      const server = new FakeServer();
      server.answer = (text) => (text === 'change' ? kind : undefined);
      expect(await catchError(server.db.write('w', sql('change')))).toMatchObject({ kind });
      expect(server.asked.filter((text) => text === 'change')).toHaveLength(1);
    },
  );
});

describe('sql database: missing tables', () => {
  const isTable = (text: string) => text.startsWith('table');

  test('have no rows, and reading does not create them', async () => {
    const server = new FakeServer();
    server.answer = () => 'undefined-table';
    expect(await server.db.read('r', sql('look'))).toEqual([]);
    expect(server.asked).toEqual(['look']);
  });

  test('are created before the retry, with the indexes for workers', async () => {
    const server = new FakeServer();
    let made = 0;
    server.answer = (text) => {
      if (isTable(text)) made += 1;
      return made < 2 && !isTable(text) ? 'undefined-table' : undefined;
    };
    expect(await server.finish(server.db.write('w', sql('change')))).toBe(3);
    const making = ['table 1', 'table 2', 'gift 1', 'gift 2'];
    expect(server.asked).toEqual(['change', ...making, 'change']);
    await server.db.write('w', sql('another'));
    expect(server.asked.slice(6)).toEqual(['another']);
  });

  test('are created without the indexes for workers if the server denies these indexes', async () => {
    const server = new FakeServer();
    let made = false;
    server.answer = (text) => {
      if (text.startsWith('gift')) return 'denied';
      made ||= isTable(text);
      return made ? undefined : 'undefined-table';
    };
    expect(await server.finish(server.db.write('w', sql('change')))).toBe(3);
  });

  test('lead to an error that names the right to create them', async () => {
    const server = new FakeServer();
    server.answer = (text) => {
      if (text === 'ROLLBACK') return undefined;
      return isTable(text) ? 'denied' : 'undefined-table';
    };
    const error = await catchError(server.finish(server.db.write('w', sql('change'))));
    expect(error.message).toContain('Fake refused: user "me" lacks CREATE on the schema: denied');
    expect(error.missingRights).toEqual([{ action: 'CREATE', object: 'the schema' }]);
    expect(server.asked).toEqual(['change', 'table 1', 'ROLLBACK']);
  });

  test('that two processes create at once are retried', async () => {
    const server = new FakeServer();
    let collisions = 2;
    server.answer = (text) => {
      if (text === 'ROLLBACK') return undefined;
      if (isTable(text)) return collisions-- > 0 ? 'retryable' : undefined;
      return collisions < 0 ? undefined : 'undefined-table';
    };
    expect(await server.finish(server.db.write('w', sql('change')))).toBe(3);
    expect(server.asked.filter((text) => text === 'ROLLBACK')).toHaveLength(2);
  });
});

describe('sql database: the error of a user without rights', () => {
  const lacks = (...texts: RegExp[]) => {
    return (text: string) => (texts.some((each) => each.test(text)) ? 'denied' : undefined);
  };

  test('names the user, all missing rights, and the server’s message', async () => {
    const server = new FakeServer();
    server.answer = lacks(/^UPDATE beat_lock/, /^DELETE FROM beat_lock/, /^change/);
    const error = await catchError(server.db.write('lock.renew', sql('change')));
    expect(error.message).toBe(
      'lock.renew: Fake refused: user "me" lacks UPDATE on beat_lock, DELETE on beat_lock: denied (fake://db); ' +
        'to grant: GRANT UPDATE, DELETE ON beat_lock TO "me"',
    );
  });

  test('says "this user" if the client chooses the name', async () => {
    const server = new FakeServer(null);
    server.answer = lacks(/beat_lock/);
    const error = await catchError(server.db.requireRights('lock.renew'));
    expect(error.message).toMatch(/: this user lacks SELECT on beat_lock, INSERT on beat_lock.* \(fake:\/\/db\)$/);
  });

  test('is the server’s message for an operation without a list of rights', async () => {
    const server = new FakeServer();
    server.answer = lacks(/./);
    const error = await catchError(server.db.write('other', sql('change')));
    expect(error.message).toBe('other: Fake refused: denied (fake://db)');
  });

  test('does not name rights to tables that do not exist', async () => {
    const server = new FakeServer();
    server.answer = () => 'undefined-table';
    await server.db.requireRights('lock.renew');
    expect(server.asked).toHaveLength(4);
    await server.db.requireRights('no such operation');
    expect(server.asked).toHaveLength(4);
  });

  test('is the server’s message if the connection is lost during the probes', async () => {
    const server = new FakeServer();
    server.answer = (text) => {
      if (text === 'change') return 'denied';
      return text.startsWith('INSERT') ? 'connection-lost' : undefined;
    };
    const error = await catchError(server.db.write('lock.renew', sql('change')));
    expect(error.message).toBe('lock.renew: Fake refused: denied (fake://db)');
    expect(error.unreachable).toBeNull();
    expect(server.asked).toHaveLength(3);
  });
});

describe('sql database: an error', () => {
  test.each([
    ['read ECONNRESET', 'no connection to Fake: read ECONNRESET', 'read ECONNRESET'],
    ['Query read timeout', 'Fake did not answer in 1000 ms', 'no answer in 1000 ms'],
    ['connect ETIMEDOUT', 'Fake did not answer in 1000 ms', 'no answer in 1000 ms'],
    ['password hunter2 is wrong', 'no connection to Fake: password *** is wrong', 'password *** is wrong'],
  ])('names the server and the reason, without a password: %s', async (message, meaning, reason) => {
    const server = new FakeServer();
    const cause = new Error(message);
    server.answer = () => cause;
    const error = await catchError(server.db.read('r', sql('look')));
    expect(error.message).toBe(`r: ${meaning} (fake://db)`);
    const unreachable = { server: 'Fake', reason };
    expect(error).toMatchObject({ kind: 'connection-lost', cause, unreachable });
  });

  test('names the error of each address of a host', async () => {
    const server = new FakeServer();
    server.answer = () => new AggregateError([new Error('::1 refused'), new Error('127 refused')]);
    const error = await catchError(server.db.read('r', sql('look')));
    expect(error.message).toBe('r: no connection to Fake: ::1 refused, 127 refused (fake://db)');
  });
});

test('sql database: close ends the connection, and later operations fail without connecting', async () => {
  const server = new FakeServer();
  await server.db.read('a', sql('1'));
  await server.db.close();
  expect(server.open).toBe(0);
  const error = await catchError(server.db.read('r', sql('look')));
  expect(error.message).toBe('r: the store is closed (fake://db)');
  expect(server.connections).toBe(1);
});

test('sql database: close before the first operation does not connect', async () => {
  const server = new FakeServer();
  await server.db.close();
  expect(server.connections).toBe(0);
});

test('sql database: close interrupts the pause before a retry', async () => {
  const server = new FakeServer();
  server.answer = () => 'retryable';
  const asked = catchError(server.db.write('w', sql('change')));
  await settle();
  await server.db.close();
  expect((await asked).message).toBe('w: the store is closed (fake://db)');
});
