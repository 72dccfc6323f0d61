import { describe } from 'vitest';
import { PostgresServer } from '../support/postgres.ts';
import { requireService } from '../support/services.ts';
import { sqlContract } from './sql.contract.ts';

const missing = requireService('postgres');

describe.skipIf(missing)(missing || 'postgresql', () => {
  sqlContract('postgresql', () => PostgresServer.start());
});
