import { describe } from 'vitest';
import { MariaServer } from '../support/mariadb.ts';
import { requireService } from '../support/services.ts';
import { sqlContract } from './sql.contract.ts';

const missing = requireService('mariadbd');

describe.skipIf(missing)(missing || 'mysql', () => {
  sqlContract('mysql', () => MariaServer.start());
});
