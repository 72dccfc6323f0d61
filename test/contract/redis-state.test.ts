import { commandLogContract } from './command-log.contract.ts';
import { historyContract } from './history.contract.ts';
import { outboxContract } from './outbox.contract.ts';
import { stateRemovalContract } from './state-removal.contract.ts';
import { onRedis } from './redis.contract.ts';
import { stateContract } from './state.contract.ts';
import { instancesContract } from './instances.contract.ts';
import { storedEntriesContract } from './stored-entries.contract.ts';

onRedis((overTcp) => {
  outboxContract('redis, TCP', overTcp);
  commandLogContract('redis, TCP', overTcp);
  historyContract('redis, TCP', overTcp);
  storedEntriesContract('redis, TCP', overTcp);
  instancesContract('redis, TCP', overTcp);
  stateRemovalContract('redis, TCP', overTcp);
  stateContract('redis, TCP', overTcp);
});
