import { describe } from 'vitest';
import { MariaServer } from '../support/mariadb.ts';
import { PostgresServer } from '../support/postgres.ts';
import { requireService } from '../support/services.ts';
import { sqlRights } from './sql-rights.contract.ts';

const PASSWORD = 'p@ss/w%rd';

const noPostgres = requireService('postgres');
describe.skipIf(noPostgres)(noPostgres || 'postgresql rights', () => {
  sqlRights('postgresql', {
    start: () => PostgresServer.start(),
    makeUser: async (server) => {
      await server.query(
        `DO $$ BEGIN CREATE ROLE narrow LOGIN PASSWORD '${PASSWORD}'; EXCEPTION WHEN duplicate_object THEN NULL; END $$`,
      );
      await server.query('GRANT USAGE ON SCHEMA public TO narrow');
      await server.query('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO narrow');
      await server.query('GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO narrow');
    },
    revoke: (server, action, table) => server.query(`REVOKE ${action} ON ${table} FROM narrow`),
    grant: (server, action, table) => server.query(`GRANT ${action} ON ${table} TO narrow`),
  });
});

const noMaria = requireService('mariadbd');
describe.skipIf(noMaria)(noMaria || 'mysql rights', () => {
  const objects = [
    ...['beat_lock', 'beat_term', 'beat_outbox'],
    ...['beat_command', 'beat_audit', 'beat_entry', 'beat_unacked'],
    ...['beat_history', 'beat_minute', 'beat_instance', 'beat_broadcast'],
    ...['kombu_queue', 'kombu_message', 'queue_id_sequence', 'message_id_sequence'],
  ];
  sqlRights('mysql', {
    start: () => MariaServer.start(),
    makeUser: async (server) => {
      await server.query(`CREATE OR REPLACE USER narrow@'%' IDENTIFIED BY '${PASSWORD}'`);
      for (const object of objects) {
        await server.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${object} TO narrow@'%'`);
      }
    },
    revoke: (server, action, table) => server.query(`REVOKE ${action} ON ${table} FROM narrow@'%'`),
    grant: (server, action, table) => server.query(`GRANT ${action} ON ${table} TO narrow@'%'`),
  });
});
