import { DatabaseError as PostgresError } from 'pg';
import { describe, expect, test } from 'vitest';
import { faultOf as mysqlFault } from '../../../../src/drivers/sql/mysql/faults.ts';
import { faultOf as postgresFault } from '../../../../src/drivers/sql/postgresql/faults.ts';
import type { Fault } from '../../../../src/drivers/sql/server.ts';

/** As pg has it: the server's words, with its SQLSTATE. */
function postgresAnswer(code: string): Error {
  const error = new PostgresError('the server said so', 1, 'error');
  error.code = code;
  return error;
}

/** As mysql2 has it: the server's words, with its number. */
function mysqlAnswer(errno: number): Error {
  return Object.assign(new Error('the server said so'), { errno, sqlMessage: 'it said so' });
}

describe('an answer of PostgreSQL', () => {
  test.each<[string, string, Fault]>([
    ['22001', 'string data right truncation', 'declined'],
    ['22P05', 'untranslatable character', 'declined'],
    ['54000', 'program limit exceeded', 'declined'],
    ['42501', 'insufficient privilege', 'denied'],
    ['40001', 'serialization failure', 'again'],
    ['40P01', 'deadlock detected', 'again'],
    ['55P03', 'lock not available', 'again'],
    ['23505', 'unique violation', 'again'],
    ['42P07', 'duplicate table', 'again'],
    ['42710', 'duplicate object', 'again'],
    ['23503', 'foreign key violation', 'again'],
    ['42P01', 'undefined table', 'missing'],
    ['08006', 'connection failure', 'lost'],
    ['57P01', 'admin shutdown', 'lost'],
    ['57P03', 'cannot connect now', 'lost'],
    ['25P03', 'idle in transaction session timeout', 'lost'],
    ['25006', 'read only SQL transaction', 'lost'],
    ['57014', 'query canceled', 'refused'],
    ['42601', 'syntax error', 'refused'],
    ['53100', 'disk full', 'refused'],
  ])('with SQLSTATE %s (%s) is %s', (code, _, fault) => {
    expect(postgresFault(postgresAnswer(code))).toBe(fault);
  });

  test.each(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'])(
    'is none where %s came',
    (code) => {
      expect(postgresFault(Object.assign(new Error(code), { code }))).toBe('lost');
    },
  );

  test('is none where the client ends the connection or something throws no error', () => {
    expect(postgresFault(new Error('Connection terminated'))).toBe('lost');
    expect(postgresFault('42P01')).toBe('lost');
  });
});

describe('an answer of MySQL or MariaDB', () => {
  test.each<[number, string, Fault]>([
    [1406, 'data too long', 'declined'],
    [1264, 'out of range', 'declined'],
    [1366, 'truncated wrong value', 'declined'],
    [3854, 'cannot convert string', 'declined'],
    [1044, 'access denied to database', 'denied'],
    [1142, 'command denied on table', 'denied'],
    [1143, 'command denied on column', 'denied'],
    [1370, 'command denied on routine', 'denied'],
    [1205, 'lock wait timeout', 'again'],
    [1213, 'deadlock', 'again'],
    [1020, 'record has changed since last read', 'again'],
    [1412, 'table definition has changed', 'again'],
    [1050, 'table exists', 'again'],
    [1062, 'duplicate entry', 'again'],
    [1452, 'foreign key constraint fails', 'again'],
    [1146, 'no such table', 'missing'],
    [1053, 'server shutdown in progress', 'lost'],
    [1927, 'connection was killed', 'lost'],
    [4031, 'disconnected for inactivity', 'lost'],
    [1290, 'server runs with --read-only', 'lost'],
    [1836, 'running in read-only mode', 'lost'],
    [1064, 'syntax error', 'refused'],
    [1045, 'access denied for user', 'refused'],
  ])('with the number %i (%s) is %s', (errno, _, fault) => {
    expect(mysqlFault(mysqlAnswer(errno))).toBe(fault);
  });

  test('is none where the error is not the server’s own, whatever its number', () => {
    expect(mysqlFault(Object.assign(new Error('read ECONNRESET'), { errno: 1146 }))).toBe('lost');
    expect(mysqlFault({ errno: 1146, sqlMessage: 'no error' })).toBe('lost');
  });
});
