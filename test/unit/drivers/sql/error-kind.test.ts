import { DatabaseError as PostgresError } from 'pg';
import { describe, expect, test } from 'vitest';
import { classifyError as mysqlFault } from '../../../../src/drivers/sql/mysql/connection.ts';
import { classifyError as postgresFault } from '../../../../src/drivers/sql/postgresql/connection.ts';
import type { ErrorKind } from '../../../../src/drivers/sql/dialect.ts';

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

describe('postgresql error', () => {
  test.each<[string, string, ErrorKind]>([
    ['22001', 'string data right truncation', 'invalid-data'],
    ['22P05', 'untranslatable character', 'invalid-data'],
    ['54000', 'program limit exceeded', 'invalid-data'],
    ['42501', 'insufficient privilege', 'denied'],
    ['40001', 'serialization failure', 'retryable'],
    ['40P01', 'deadlock detected', 'retryable'],
    ['55P03', 'lock not available', 'retryable'],
    ['23505', 'unique violation', 'retryable'],
    ['42P07', 'duplicate table', 'retryable'],
    ['42710', 'duplicate object', 'retryable'],
    ['23503', 'foreign key violation', 'retryable'],
    ['42P01', 'undefined table', 'undefined-table'],
    ['08006', 'connection failure', 'connection-lost'],
    ['57P01', 'admin shutdown', 'connection-lost'],
    ['57P03', 'cannot connect now', 'connection-lost'],
    ['25P03', 'idle in transaction session timeout', 'connection-lost'],
    ['25006', 'read only SQL transaction', 'connection-lost'],
    ['57014', 'query canceled', 'other'],
    ['42601', 'syntax error', 'other'],
    ['53100', 'disk full', 'other'],
  ])('with SQLSTATE %s (%s) is %s', (code, _, kind) => {
    expect(postgresFault(postgresAnswer(code))).toBe(kind);
  });

  test.each(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'])('of the socket, %s, is a lost connection', (code) => {
    expect(postgresFault(Object.assign(new Error(code), { code }))).toBe('connection-lost');
  });

  test('of the client, or a thrown text, is a lost connection', () => {
    expect(postgresFault(new Error('Connection terminated'))).toBe('connection-lost');
    expect(postgresFault('42P01')).toBe('connection-lost');
  });
});

describe('mysql error', () => {
  test.each<[number, string, ErrorKind]>([
    [1406, 'data too long', 'invalid-data'],
    [1264, 'out of range', 'invalid-data'],
    [1366, 'truncated wrong value', 'invalid-data'],
    [3854, 'cannot convert string', 'invalid-data'],
    [1044, 'access denied to database', 'denied'],
    [1142, 'command denied on table', 'denied'],
    [1143, 'command denied on column', 'denied'],
    [1370, 'command denied on routine', 'denied'],
    [1205, 'lock wait timeout', 'retryable'],
    [1213, 'deadlock', 'retryable'],
    [1020, 'record has changed since last read', 'retryable'],
    [1412, 'table definition has changed', 'retryable'],
    [1050, 'table exists', 'retryable'],
    [1062, 'duplicate entry', 'retryable'],
    [1452, 'foreign key constraint fails', 'retryable'],
    [1146, 'no such table', 'undefined-table'],
    [1053, 'server shutdown in progress', 'connection-lost'],
    [1927, 'connection was killed', 'connection-lost'],
    [4031, 'disconnected for inactivity', 'connection-lost'],
    [1290, 'server runs with --read-only', 'connection-lost'],
    [1836, 'running in read-only mode', 'connection-lost'],
    [1064, 'syntax error', 'other'],
    [1045, 'access denied for user', 'other'],
  ])('with the number %i (%s) is %s', (errno, _, kind) => {
    expect(mysqlFault(mysqlAnswer(errno))).toBe(kind);
  });

  test('of the socket or client is a lost connection, with any number', () => {
    expect(mysqlFault(Object.assign(new Error('read ECONNRESET'), { errno: 1146 }))).toBe('connection-lost');
    expect(mysqlFault({ errno: 1146, sqlMessage: 'no error' })).toBe('connection-lost');
  });
});
