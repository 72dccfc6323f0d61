import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { Database, DatabaseError } from '../../../../src/drivers/sql/database.ts';
import { STATEMENTS } from '../../../../src/drivers/sql/postgresql/statements.ts';
import type { Connection, Fault, Server } from '../../../../src/drivers/sql/server.ts';
import type { Sql } from '../../../../src/drivers/sql/statements.ts';
import { settle } from '../../../support/settle.ts';

const TIMEOUT = 1_000;
const sql = (text: string): Sql => ({ text, values: [] });

class Failure extends Error {
  readonly fault: Fault;

  constructor(fault: Fault, message: string = fault) {
    super(message);
    this.fault = fault;
  }
}

/** A server whose answers a test plays; it notes what it is asked. */
class FakeServer {
  readonly clock = new ManualClock('2027-03-01T12:00:00Z');
  readonly asked: string[] = [];
  connections = 0;
  open = 0;
  /** What a statement fails with; `undefined` for an answer. */
  answer: (text: string) => Fault | Error | undefined = () => undefined;
  readonly db: Database;

  constructor(user: string | null = 'me') {
    const server: Server = {
      ...{ name: 'Fake', where: 'fake://db', user, listen: null },
      conceal: (text) => text.replaceAll('hunter2', '***'),
      sql: {
        ...STATEMENTS,
        schema: [sql('table 1'), sql('table 2')],
        gifts: [sql('gift 1'), sql('gift 2')],
      },
      connect: async () => this.#connect(),
      faultOf: (error) => (error instanceof Failure ? error.fault : 'lost'),
    };
    this.db = new Database(server, 'test', TIMEOUT, this.clock);
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
        if (!(error instanceof Failure) || error.fault === 'lost') usable = false;
        throw error;
      },
      close: async () => {
        usable = false;
        this.open -= 1;
      },
    };
  }
}

async function failureOf(work: Promise<unknown>): Promise<DatabaseError> {
  const error = await work.then(
    () => new Error('it resolved'),
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(DatabaseError);
  return error as DatabaseError;
}

test('a database gives the rows of a read and the number of rows that a write changed', async () => {
  const { db, asked } = new FakeServer();
  expect(await db.read('a', sql('look'))).toEqual([{ n: 1 }]);
  expect(await db.write('b', sql('change'))).toBe(3);
  expect(asked).toEqual(['look', 'change']);
});

test('a database connects when it is first used, and uses one connection after that', async () => {
  const server = new FakeServer();
  expect(server.connections).toBe(0);
  await Promise.all([server.db.read('a', sql('1')), server.db.read('a', sql('2'))]);
  await server.db.read('a', sql('3'));
  expect(server.connections).toBe(1);
  expect(server.asked).toEqual(['1', '2', '3']);
});

test('a database runs one transaction after the other, each between its begin and its commit', async () => {
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

test('a transaction whose work throws is rolled back and does not hold up the next', async () => {
  const { db, asked } = new FakeServer();
  const work = db.transaction('t', () => Promise.reject(new Failure('refused')));
  await failureOf(work);
  await db.read('a', sql('next'));
  expect(asked).toEqual(['BEGIN', 'ROLLBACK', 'next']);
});

test('a connection on which a rollback fails is closed, and the next statement has a new one', async () => {
  const server = new FakeServer();
  server.answer = (text) => (text === 'bad' || text === 'ROLLBACK' ? 'refused' : undefined);
  await failureOf(server.db.transaction('t', (tx) => tx.run(sql('bad'))));
  await server.db.read('a', sql('next'));
  expect(server.connections).toBe(2);
});

test('a transaction whose connection is gone is not rolled back over it', async () => {
  const server = new FakeServer();
  server.answer = (text) => (text === 'bad' ? 'lost' : undefined);
  const error = await failureOf(server.db.transaction('t', (tx) => tx.run(sql('bad'))));
  expect(error.fault).toBe('lost');
  expect(server.asked).toEqual(['BEGIN', 'bad']);
  expect(server.open).toBe(0);
  await server.db.read('a', sql('next'));
  expect([server.connections, server.open]).toEqual([2, 1]);
});

describe('what the server undid', () => {
  test('is tried again after growing pauses until it goes through', async () => {
    const server = new FakeServer();
    const at: number[] = [];
    server.answer = () => {
      at.push(server.clock.monotonic());
      return at.length < 8 ? 'again' : undefined;
    };
    expect(await server.finish(server.db.write('w', sql('change')))).toBe(3);
    const pauses = at.slice(1).map((each, i) => each - at[i]!);
    expect(pauses).toEqual([2, 5, 10, 20, 40, 80, 160]);
  });

  test('is given up after eight tries', async () => {
    const server = new FakeServer();
    server.answer = () => 'again';
    const error = await failureOf(server.finish(server.db.write('w', sql('change'))));
    expect(error).toMatchObject({ fault: 'again', message: 'w: Fake refused: again (fake://db)' });
    expect(server.asked).toHaveLength(8);
  });

  test('is given up when the time for an answer has passed', async () => {
    const server = new FakeServer();
    server.answer = () => {
      server.clock.advance(TIMEOUT / 2);
      return 'again';
    };
    await failureOf(server.finish(server.db.write('w', sql('change'))));
    expect(server.asked).toHaveLength(2);
  });

  test.each<Fault>(['declined', 'denied', 'refused', 'lost'])(
    'is one thing, and what is %s is not tried again',
    async (fault) => {
      const server = new FakeServer();
      server.answer = (text) => (text === 'change' ? fault : undefined);
      expect(await failureOf(server.db.write('w', sql('change')))).toMatchObject({ fault });
      expect(server.asked.filter((text) => text === 'change')).toHaveLength(1);
    },
  );
});

describe('tables that are not there', () => {
  const isTable = (text: string) => text.startsWith('table');

  test('have no rows, and reading makes none', async () => {
    const server = new FakeServer();
    server.answer = () => 'missing';
    expect(await server.db.read('r', sql('look'))).toEqual([]);
    expect(server.asked).toEqual(['look']);
  });

  test('are made before the same is tried once more, with what speeds up the workers', async () => {
    const server = new FakeServer();
    let made = 0;
    server.answer = (text) => {
      if (isTable(text)) made += 1;
      return made < 2 && !isTable(text) ? 'missing' : undefined;
    };
    expect(await server.finish(server.db.write('w', sql('change')))).toBe(3);
    const making = ['table 1', 'table 2', 'gift 1', 'gift 2'];
    expect(server.asked).toEqual(['change', ...making, 'change']);
    await server.db.write('w', sql('another'));
    expect(server.asked.slice(6)).toEqual(['another']);
  });

  test('do without what speeds up the workers where that is refused', async () => {
    const server = new FakeServer();
    let made = false;
    server.answer = (text) => {
      if (text.startsWith('gift')) return 'denied';
      made ||= isTable(text);
      return made ? undefined : 'missing';
    };
    expect(await server.finish(server.db.write('w', sql('change')))).toBe(3);
  });

  test('that may not be made are reported as the right that is missing', async () => {
    const server = new FakeServer();
    server.answer = (text) => {
      if (text === 'ROLLBACK') return undefined;
      return isTable(text) ? 'denied' : 'missing';
    };
    const error = await failureOf(server.finish(server.db.write('w', sql('change'))));
    expect(error.message).toContain('Fake refused: user "me" lacks CREATE on the schema: denied');
    expect(error.lacking).toEqual([{ action: 'CREATE', object: 'the schema' }]);
    expect(server.asked).toEqual(['change', 'table 1', 'ROLLBACK']);
  });

  test('that two make at once are looked at again', async () => {
    const server = new FakeServer();
    let collisions = 2;
    server.answer = (text) => {
      if (text === 'ROLLBACK') return undefined;
      if (isTable(text)) return collisions-- > 0 ? 'again' : undefined;
      return collisions < 0 ? undefined : 'missing';
    };
    expect(await server.finish(server.db.write('w', sql('change')))).toBe(3);
    expect(server.asked.filter((text) => text === 'ROLLBACK')).toHaveLength(2);
  });
});

describe('rights', () => {
  const lacks = (...texts: RegExp[]) => {
    return (text: string) => (texts.some((each) => each.test(text)) ? 'denied' : undefined);
  };

  test('that an operation lacks are all named, with the user and the server’s words', async () => {
    const server = new FakeServer();
    server.answer = lacks(/^UPDATE beat_lock/, /^DELETE FROM beat_lock/, /^change/);
    const error = await failureOf(server.db.write('lock.renew', sql('change')));
    expect(error.message).toBe(
      'lock.renew: Fake refused: user "me" lacks UPDATE on beat_lock, DELETE on beat_lock: denied (fake://db)',
    );
  });

  test('are said to be lacked by this user where the client chooses the name', async () => {
    const server = new FakeServer(null);
    server.answer = lacks(/beat_lock/);
    const error = await failureOf(server.db.requireRights('lock.renew'));
    expect(error.message).toContain('this user lacks SELECT on beat_lock, INSERT on beat_lock');
  });

  test('that are not looked for by any operation leave the server’s words alone', async () => {
    const server = new FakeServer();
    server.answer = lacks(/./);
    const error = await failureOf(server.db.write('other', sql('change')));
    expect(error.message).toBe('other: Fake refused: denied (fake://db)');
  });

  test('are looked for before an operation, and tables that are not there yet are none', async () => {
    const server = new FakeServer();
    server.answer = () => 'missing';
    await server.db.requireRights('lock.renew');
    expect(server.asked).toHaveLength(4);
    await server.db.requireRights('no such operation');
    expect(server.asked).toHaveLength(4);
  });

  test('are not looked for over a connection that ended meanwhile', async () => {
    const server = new FakeServer();
    server.answer = (text) => {
      if (text === 'change') return 'denied';
      return text.startsWith('INSERT') ? 'lost' : undefined;
    };
    const error = await failureOf(server.db.write('lock.renew', sql('change')));
    expect(error.message).toBe('lock.renew: Fake refused: denied (fake://db)');
    expect(error.unreachable).toBeNull();
    expect(server.asked).toHaveLength(3);
  });
});

describe('an error of a database', () => {
  test.each([
    ['read ECONNRESET', 'no connection to Fake: read ECONNRESET', 'read ECONNRESET'],
    ['Query read timeout', 'Fake did not answer in 1000 ms', 'no answer in 1000 ms'],
    ['connect ETIMEDOUT', 'Fake did not answer in 1000 ms', 'no answer in 1000 ms'],
    [
      'password hunter2 is wrong',
      'no connection to Fake: password *** is wrong',
      'password *** is wrong',
    ],
  ])(
    'names the server and the reason, without a password: %s',
    async (message, meaning, reason) => {
      const server = new FakeServer();
      const cause = new Error(message);
      server.answer = () => cause;
      const error = await failureOf(server.db.read('r', sql('look')));
      expect(error.message).toBe(`r: ${meaning} (fake://db)`);
      const unreachable = { server: 'Fake', reason };
      expect(error).toMatchObject({ fault: 'lost', cause, unreachable });
    },
  );

  test('names the failure of each address of a host', async () => {
    const server = new FakeServer();
    server.answer = () => new AggregateError([new Error('::1 refused'), new Error('127 refused')]);
    const error = await failureOf(server.db.read('r', sql('look')));
    expect(error.message).toBe('r: no connection to Fake: ::1 refused, 127 refused (fake://db)');
  });
});

test('a closed database ends its connection and refuses what is asked, without connecting', async () => {
  const server = new FakeServer();
  await server.db.read('a', sql('1'));
  await server.db.close();
  expect(server.open).toBe(0);
  const error = await failureOf(server.db.read('r', sql('look')));
  expect(error.message).toBe('r: the store is closed (fake://db)');
  expect(server.connections).toBe(1);
});

test('a database that is closed before it was used connects to nothing', async () => {
  const server = new FakeServer();
  await server.db.close();
  expect(server.connections).toBe(0);
});

test('a close does not wait for the pauses between two tries', async () => {
  const server = new FakeServer();
  server.answer = () => 'again';
  const asked = failureOf(server.db.write('w', sql('change')));
  await settle();
  await server.db.close();
  expect((await asked).message).toBe('w: the store is closed (fake://db)');
});
