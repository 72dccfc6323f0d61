import { describe } from 'vitest';
import { PostgresServer } from '../support/postgres.ts';
import { requireService } from '../support/services.ts';
import { sqlOutages } from './sql-outage.contract.ts';

const missing = requireService('postgres');

describe.skipIf(missing)(missing || 'postgresql', () => {
  sqlOutages('postgresql', () => PostgresServer.start());
});
