import { commandLogContract } from './command-log.contract.ts';
import { outboxContract } from './outbox.contract.ts';
import { stateRemovalContract } from './state-removal.contract.ts';
import { openSqlitePlace } from './sqlite.contract.ts';
import { stateContract } from './state.contract.ts';
import { storedEntriesContract } from './stored-entries.contract.ts';

outboxContract('sqlite', openSqlitePlace);
commandLogContract('sqlite', openSqlitePlace);
storedEntriesContract('sqlite', openSqlitePlace);
stateRemovalContract('sqlite', openSqlitePlace);
stateContract('sqlite', openSqlitePlace);
