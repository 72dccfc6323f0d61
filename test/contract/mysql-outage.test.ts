import { describe } from 'vitest';
import { MariaServer } from '../support/mariadb.ts';
import { requireService } from '../support/services.ts';
import { sqlOutages } from './sql-outage.contract.ts';

const missing = requireService('mariadbd');

describe.skipIf(missing)(missing || 'mysql', () => {
  sqlOutages('mysql', () => MariaServer.start());
});
