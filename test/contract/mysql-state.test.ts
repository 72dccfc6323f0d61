import { describe } from 'vitest';
import { MariaServer } from '../support/mariadb.ts';
import { requireService } from '../support/services.ts';
import { sqlStateContract } from './sql.contract.ts';

const missing = requireService('mariadbd');

describe.skipIf(missing)(missing || 'mysql', () => {
  sqlStateContract('mysql', () => MariaServer.start());
});
