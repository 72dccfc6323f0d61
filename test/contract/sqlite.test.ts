import { brokerContract } from './broker.contract.ts';
import { exchangeContract } from './exchange.contract.ts';
import { ledgerContract } from './ledger.contract.ts';
import { lockContract } from './lock.contract.ts';
import { openSqliteTestStore } from './sqlite.contract.ts';

lockContract('sqlite', openSqliteTestStore);
ledgerContract('sqlite', openSqliteTestStore);
brokerContract('sqlite', openSqliteTestStore);
exchangeContract('sqlite', openSqliteTestStore);
