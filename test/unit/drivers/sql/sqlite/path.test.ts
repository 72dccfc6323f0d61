import { expect, test } from 'vitest';
import { ConfigError } from '../../../../../src/util/errors.ts';
import { sqlitePath } from '../../../../../src/drivers/sql/sqlite/path.ts';

test.each([
  ['sqla+sqlite:///beat.sqlite', 'beat.sqlite'],
  ['sqla+sqlite:////var/lib/beat/beat.sqlite', '/var/lib/beat/beat.sqlite'],
  ['SQLA+SQLITE:///beat.sqlite', 'beat.sqlite'],
  ['sqla+sqlite+pysqlite:///beat.sqlite', 'beat.sqlite'],
  ['sqlalchemy+sqlite:///beat.sqlite', 'beat.sqlite'],
  ['sqla+sqlite:///../shared/beat.sqlite', '../shared/beat.sqlite'],
  ['sqla+sqlite:///with space+plus#hash.sqlite', 'with space+plus#hash.sqlite'],
  ['sqla+sqlite:///zażółć.sqlite', 'zażółć.sqlite'],
  ['sqla+sqlite:///100%.sqlite', '100%.sqlite'],
  ['sqla+sqlite:///C:\\beat\\beat.sqlite', 'C:\\beat\\beat.sqlite'],
  ['sqla+sqlite:///beat.sqlite?timeout=30', 'beat.sqlite'],
  ['sqla+sqlite:///beat.sqlite?isolation_level=IMMEDIATE&detect_types=1', 'beat.sqlite'],
  ['sqla+sqlite:///beat.sqlite?check_same_thread=0&cached_statements=9', 'beat.sqlite'],
])('sqlite URL: %s names the file that SQLAlchemy opens, %s', (url, path) => {
  expect(sqlitePath(url)).toBe(path);
});

test.each([
  ['sqla+sqlite://', 'workers cannot read a database in memory'],
  ['sqla+sqlite:///', 'workers cannot read a database in memory'],
  ['sqla+sqlite:///:memory:', 'workers cannot read a database in memory'],
  ['sqla+sqlite://?timeout=30', 'workers cannot read a database in memory'],
  ['sqla+sqlite://beat.sqlite', '"beat.sqlite" is in the place of a host'],
  ['sqla+sqlite://var/lib/beat.sqlite', 'sqla+sqlite:////absolute/path.sqlite (four)'],
  ['sqla+sqlite:beat.sqlite', 'has no path'],
  ['sqla+sqlite:/beat.sqlite', 'has no path'],
  ['sqla+sqlite:///a%20b.sqlite', '"%20" in the path: SQLAlchemy 1 does not decode it'],
  ['sqla+sqlite:///beat.sqlite?mode=ro&uri=true', '"mode" after the "?" is not supported'],
])('sqlite URL: %s is rejected with the reason', (url, reason) => {
  expect(() => sqlitePath(url)).toThrow(ConfigError);
  expect(() => sqlitePath(url)).toThrow(reason);
});
