import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { errorAt } from '../../../util/diagnostic.ts';
import { ConfigError } from '../../../util/errors.ts';
import { EARLIER_TABLE } from '../tables.ts';
import { TABLES } from './syntax.ts';

/** The first bytes of every database file. */
const MAGIC = 'SQLite format 3\0';
/** SQLITE_CORRUPT and SQLITE_NOTADB. */
const CORRUPT = 11;
const NOT_A_DATABASE = 26;

/** The largest file that is checked completely: a larger one would delay the start. Bytes. */
const MAX_BYTES = 64 * 1_024 * 1_024;

const NEW_FILE = 'or move the file away: beat then creates a new one, and all schedules restart from now';

/** Throws a `ConfigError` for a file that can never be used: not a database, damaged, or of another program. */
export function inspectFile(path: string): void {
  const file = resolve(path);
  if (!existsSync(file)) return;
  let problem: string | null = null;
  try {
    problem = findHeaderError(file) ?? findDamage(file) ?? findForeignTable(file);
  } catch (error) {
    // Other errors may be temporary, such as a missing right or a file that another process has locked.
    const code = readCode(error);
    if (code === CORRUPT || code === NOT_A_DATABASE) problem = describeDamage((error as Error).message);
  }
  if (problem) throw new ConfigError([errorAt(['brokerUrl'], `${file}: ${problem}`)]);
}

function findHeaderError(file: string): string | null {
  if (!statSync(file).isFile()) return 'is not a file; set the path of a file';
  if (isDatabase(file)) return null;
  const head = Buffer.alloc(MAGIC.length);
  const descriptor = openSync(file, 'r');
  const length = readSync(descriptor, head);
  closeSync(descriptor);
  if (head.toString('latin1') === MAGIC) return null;
  const found = JSON.stringify(head.toString('latin1', 0, length));
  return `is not an SQLite database, it begins with ${found}; choose another file, ${NEW_FILE}`;
}

/**
 * Whether SQLite can read the file. Only SQLite may open a database: closing the file otherwise drops the locks of all
 * connections of this process, and another process then deletes the write-ahead log that they still use.
 */
function isDatabase(file: string): boolean {
  try {
    using db = new DatabaseSync(file);
    db.prepare('PRAGMA schema_version').get();
    return true;
  } catch (error) {
    if (readCode(error) === NOT_A_DATABASE) return false;
    throw error;
  }
}

function findDamage(file: string): string | null {
  if (statSync(file).size > MAX_BYTES) return null;
  using db = new DatabaseSync(file);
  const found = String(db.prepare('PRAGMA quick_check(1)').get()!['quick_check']);
  return found === 'ok' ? null : describeDamage(found);
}

function describeDamage(found: string): string {
  const reason = found.replaceAll('\n', ' ');
  return (
    `the database is damaged (${reason}); stop all processes that use it, then restore a copy, ` +
    `recover it (sqlite3 FILE .recover | sqlite3 NEW), ${NEW_FILE}`
  );
}

/** Finds a table of an earlier version, or one with a name of beat's or kombu's that lacks some of its columns. */
function findForeignTable(file: string): string | null {
  using ours = new DatabaseSync(':memory:');
  ours.exec(TABLES.join(';'));
  using theirs = new DatabaseSync(file);
  if (readColumns(theirs, EARLIER_TABLE.name).has(EARLIER_TABLE.column)) {
    return `the table ${EARLIER_TABLE.name} is of an earlier version of beat, which this one does not read; choose another file, ${NEW_FILE}`;
  }
  for (const { name } of ours.prepare(`SELECT name FROM sqlite_master WHERE type = 'table'`).all()) {
    const found = readColumns(theirs, String(name));
    const missing = [...readColumns(ours, String(name))].filter((column) => !found.has(column));
    if (found.size === 0 || missing.length === 0) continue;
    return (
      `the table ${String(name)} belongs to another program: it lacks the columns ${missing.join(', ')}; ` +
      `choose another file, ${NEW_FILE}`
    );
  }
  return null;
}

function readColumns(db: DatabaseSync, table: string): Set<string> {
  const rows = db.prepare('SELECT name FROM pragma_table_info(?)').all(table);
  return new Set(rows.map(({ name }) => String(name).toLowerCase()));
}

function readCode(error: unknown): number | undefined {
  const isOfSqlite = error instanceof Error && 'errcode' in error;
  return isOfSqlite && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}
