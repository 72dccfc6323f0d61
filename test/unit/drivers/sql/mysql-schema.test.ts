import { describe, expect, test } from 'vitest';
import { SCHEMA, STATEMENTS } from '../../../../src/drivers/sql/mysql/syntax.ts';

/** The statement that a server runs: one product's comments are code, the other's are ignored. */
const asMysql = (text: string) => tidy(text.replace(/\/\*M!\d+ .*?\*\//gs, '').replace(CODE, '$1'));
const asMaria = (text: string) => tidy(text.replace(/\/\*!\d+ .*?\*\//gs, '').replace(CODE, '$1'));
const CODE = /\/\*M?!\d+ (.*?)\*\//gs;
const tidy = (text: string) => text.replace(/\s+/g, ' ').trim();

const schema = SCHEMA.map(({ text }) => text);
const insert = STATEMENTS.insertMessages([{ payload: 'p', queueId: 1 }]).text;
const declare = STATEMENTS.declareQueue('q').text;

describe('mysql schema, without sequences', () => {
  test('the ids of queues and messages increment automatically', () => {
    const tables = schema.map(asMysql);
    for (const name of ['kombu_queue', 'kombu_message']) {
      const table = tables.find((text) => text.startsWith(`CREATE TABLE IF NOT EXISTS ${name} `));
      expect(table).toContain('( id INTEGER NOT NULL AUTO_INCREMENT ,');
    }
    expect(tables.filter((text) => text.includes('SEQUENCE'))).toEqual([]);
    expect(tables.filter((text) => text === 'DO 0')).toHaveLength(2);
  });

  test('a new row has no id yet', () => {
    expect(asMysql(declare)).toBe('INSERT INTO kombu_queue ( name) VALUES ( ?)');
    expect(asMysql(insert)).toBe(
      'INSERT INTO kombu_message ( visible, timestamp, version, payload, queue_id) ' + 'VALUES ( 1, NULL, 1, ?, ?)',
    );
  });
});

test('mysql schema: names in the tables of beat have limits that fit into an index', () => {
  const columns = schema
    .filter((text) => text.includes('EXISTS beat_'))
    .map((text) => [/beat_\w+/.exec(text)![0], ...text.match(/\w+ VAR\w+\(\d+\)/g)!]);
  expect(columns).toEqual([
    ['beat_lock', 'prefix VARBINARY(255)', 'token VARBINARY(64)'],
    ['beat_term', 'prefix VARBINARY(255)'],
    ['beat_outbox', 'prefix VARBINARY(255)', 'id VARBINARY(2100)'],
    ['beat_command', 'prefix VARBINARY(255)'],
    ['beat_audit', 'prefix VARBINARY(255)', 'id VARBINARY(400)'],
    ['beat_entry', 'prefix VARBINARY(255)', 'entry VARBINARY(2048)'],
    ['beat_instance', 'prefix VARBINARY(255)', 'id VARBINARY(255)'],
    ['beat_broadcast', 'exchange VARBINARY(1024)', 'id VARBINARY(36)'],
    ['beat_unacked', 'tag VARBINARY(36)'],
    ['beat_minute', 'prefix VARBINARY(255)'],
    ['beat_history', 'prefix VARBINARY(255)', 'entry VARBINARY(2048)'],
  ]);
});

describe('mariadb schema, with sequences', () => {
  test('the ids of queues and messages come from sequences', () => {
    const tables = schema.map(asMaria);
    expect(tables.filter((text) => text.includes('SEQUENCE'))).toEqual([
      'CREATE SEQUENCE IF NOT EXISTS queue_id_sequence',
      'CREATE SEQUENCE IF NOT EXISTS message_id_sequence',
    ]);
    const kombu = tables.filter((text) => text.includes('EXISTS kombu_'));
    expect(kombu.filter((text) => text.includes('AUTO_INCREMENT'))).toEqual([]);
  });

  test('a new row has the next id of its sequence', () => {
    expect(asMaria(declare)).toBe('INSERT INTO kombu_queue (id, name) VALUES (nextval(queue_id_sequence), ?)');
    expect(asMaria(insert)).toBe(
      'INSERT INTO kombu_message (id, visible, timestamp, version, payload, queue_id) ' +
        'VALUES (nextval(message_id_sequence), 1, NULL, 1, ?, ?)',
    );
  });
});
