import { commandLogContract } from './command-log.contract.ts';
import { historyContract } from './history.contract.ts';
import { outboxContract } from './outbox.contract.ts';
import { stateRemovalContract } from './state-removal.contract.ts';
import { openSqliteTestStore } from './sqlite.contract.ts';
import { stateContract } from './state.contract.ts';
import { instancesContract } from './instances.contract.ts';
import { storedEntriesContract } from './stored-entries.contract.ts';

outboxContract('sqlite', openSqliteTestStore);
commandLogContract('sqlite', openSqliteTestStore);
historyContract('sqlite', openSqliteTestStore);
storedEntriesContract('sqlite', openSqliteTestStore);
instancesContract('sqlite', openSqliteTestStore);
stateRemovalContract('sqlite', openSqliteTestStore);
stateContract('sqlite', openSqliteTestStore);
