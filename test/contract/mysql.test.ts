import { describe } from 'vitest';
import { MariaServer } from '../support/mariadb.ts';
import { requireService } from '../support/services.ts';
import { sqlFaults } from './sql-faults.contract.ts';
import { sqlFencing } from './sql-fencing.contract.ts';
import { sqlOutages } from './sql-outage.contract.ts';
import { sqlContract } from './sql.contract.ts';

const missing = requireService('mariadbd');

describe.skipIf(missing)(missing || 'mysql', () => {
  sqlContract('mysql', () => MariaServer.start());
  sqlFaults('mysql', () => MariaServer.start());
  sqlFencing('mysql', () => MariaServer.start());
  sqlOutages('mysql', () => MariaServer.start());
});
