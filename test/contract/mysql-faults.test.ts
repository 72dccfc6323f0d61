import { describe } from 'vitest';
import { MariaServer } from '../support/mariadb.ts';
import { requireService } from '../support/services.ts';
import { sqlFaults } from './sql-faults.contract.ts';
import { sqlFencing } from './sql-fencing.contract.ts';

const missing = requireService('mariadbd');

describe.skipIf(missing)(missing || 'mysql', () => {
  sqlFaults('mysql', () => MariaServer.start());
  sqlFencing('mysql', () => MariaServer.start());
});
