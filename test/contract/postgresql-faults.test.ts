import { describe } from 'vitest';
import { PostgresServer } from '../support/postgres.ts';
import { requireService } from '../support/services.ts';
import { sqlFaults } from './sql-faults.contract.ts';
import { sqlFencing } from './sql-fencing.contract.ts';

const missing = requireService('postgres');

describe.skipIf(missing)(missing || 'postgresql', () => {
  sqlFaults('postgresql', () => PostgresServer.start());
  sqlFencing('postgresql', () => PostgresServer.start());
});
