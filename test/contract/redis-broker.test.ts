import { brokerContract } from './broker.contract.ts';
import { exchangeContract } from './exchange.contract.ts';
import { onRedis } from './redis.contract.ts';

onRedis((overTcp, overSocket) => {
  brokerContract('redis, TCP', overTcp);
  brokerContract('redis, unix socket', overSocket);
  exchangeContract('redis, TCP', overTcp);
});
