import { brokerContract } from './broker.contract.ts';
import { exchangeContract } from './exchange.contract.ts';
import { ledgerContract } from './ledger.contract.ts';
import { lockContract } from './lock.contract.ts';
import { openSqlitePlace } from './sqlite.contract.ts';

lockContract('sqlite', openSqlitePlace);
ledgerContract('sqlite', openSqlitePlace);
brokerContract('sqlite', openSqlitePlace);
exchangeContract('sqlite', openSqlitePlace);
