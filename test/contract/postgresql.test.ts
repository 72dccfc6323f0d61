import { describe } from 'vitest';
import { PostgresServer } from '../support/postgres.ts';
import { requireService } from '../support/services.ts';
import { sqlFaults } from './sql-faults.contract.ts';
import { sqlFencing } from './sql-fencing.contract.ts';
import { sqlOutages } from './sql-outage.contract.ts';
import { sqlContract } from './sql.contract.ts';

const missing = requireService('postgres');

describe.skipIf(missing)(missing || 'postgresql', () => {
  sqlContract('postgresql', () => PostgresServer.start());
  sqlFaults('postgresql', () => PostgresServer.start());
  sqlFencing('postgresql', () => PostgresServer.start());
  sqlOutages('postgresql', () => PostgresServer.start());
});
