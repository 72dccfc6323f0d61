import { ledgerContract } from './ledger.contract.ts';
import { lockContract } from './lock.contract.ts';
import { onRedis } from './redis.contract.ts';

onRedis((overTcp, overSocket) => {
  lockContract('redis, TCP', overTcp);
  lockContract('redis, unix socket', overSocket);
  ledgerContract('redis, TCP', overTcp);
  ledgerContract('redis, unix socket', overSocket);
});
