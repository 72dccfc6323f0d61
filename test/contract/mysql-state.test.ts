import { describe } from 'vitest';
import { leaveOut } from '../support/left-out.ts';
import { MariaServer } from '../support/mariadb.ts';
import { requireService } from '../support/services.ts';
import { sqlStateContract } from './sql.contract.ts';

const missing = leaveOut('mysql') || requireService('mariadbd');

describe.skipIf(missing)(missing || 'mysql', () => {
  sqlStateContract('mysql', () => MariaServer.start());
});
