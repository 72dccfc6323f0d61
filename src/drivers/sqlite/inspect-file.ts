import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { errorAt } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import { SCHEMA } from './schema.ts';

/** What every database file begins with. */
const MAGIC = 'SQLite format 3\0';

/** A larger file is not read through, bytes: the start should not wait for it. */
const MOST_BYTES = 64 * 1_024 * 1_024;

const ANEW = 'or move the file away: beat then makes a new one, and schedules count from its start';

/**
 * Throws a `ConfigError` for a file that beat and its workers could never use: one that is no database, that
 * is damaged, or whose tables belong to another program. Whether it can be opened at all is seen when it is
 * used.
 */
export function inspectFile(path: string): void {
  const file = resolve(path);
  if (!existsSync(file)) return;
  const problem = orNull(() => notSqlite(file) ?? damage(file) ?? foreignTable(file));
  if (problem) throw new ConfigError([errorAt(['brokerUrl'], `${file}: ${problem}`)]);
}

/** What goes wrong in passing (no permission, a file that another process has locked) is no verdict. */
function orNull(look: () => string | null): string | null {
  try {
    return look();
  } catch (error) {
    return isDamage(error) ? damagedText((error as Error).message) : null;
  }
}

function notSqlite(file: string): string | null {
  if (!statSync(file).isFile()) return 'is no file; name a file';
  const head = Buffer.alloc(MAGIC.length);
  const descriptor = openSync(file, 'r');
  const length = readSync(descriptor, head);
  closeSync(descriptor);
  // An empty file is an empty database.
  if (length === 0 || head.toString('latin1') === MAGIC) return null;
  const found = JSON.stringify(head.toString('latin1', 0, length));
  return `is no SQLite database, it begins with ${found}; name another file, ${ANEW}`;
}

function damage(file: string): string | null {
  if (statSync(file).size > MOST_BYTES) return null;
  using db = new DatabaseSync(file);
  const found = String(db.prepare('PRAGMA quick_check(1)').get()!['quick_check']);
  return found === 'ok' ? null : damagedText(found);
}

function damagedText(found: string): string {
  const words = found.replaceAll('\n', ' ');
  return (
    `the database is damaged (${words}); stop what uses it, then restore a copy, ` +
    `recover it (sqlite3 FILE .recover | sqlite3 NEW), ${ANEW}`
  );
}

/** A table of the name of one of beat's or kombu's that lacks columns of it. */
function foreignTable(file: string): string | null {
  using ours = new DatabaseSync(':memory:');
  ours.exec(SCHEMA);
  using theirs = new DatabaseSync(file);
  for (const { name } of ours
    .prepare(`SELECT name FROM sqlite_master WHERE type = 'table'`)
    .all()) {
    const found = columnsOf(theirs, String(name));
    const missing = [...columnsOf(ours, String(name))].filter((column) => !found.has(column));
    if (found.size === 0 || missing.length === 0) continue;
    return (
      `the table ${String(name)} is another program's: it lacks the columns ${missing.join(', ')}; ` +
      `name another file, ${ANEW}`
    );
  }
  return null;
}

function columnsOf(db: DatabaseSync, table: string): Set<string> {
  const rows = db.prepare('SELECT name FROM pragma_table_info(?)').all(table);
  return new Set(rows.map(({ name }) => String(name).toLowerCase()));
}

/** SQLITE_CORRUPT and SQLITE_NOTADB, whatever the extended code says beyond. */
function isDamage(error: unknown): boolean {
  if (!(error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'))
    return false;
  const code = error.errcode & 0xff;
  return code === 11 || code === 26;
}
