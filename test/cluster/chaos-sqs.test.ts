import { sqsEnvironment } from '../../chaos/environments/sqs.ts';
import { requireService } from '../support/services.ts';
import { requireSqs } from '../support/sqs.ts';
import { testChaos } from './chaos.ts';

testChaos('Amazon SQS', {
  type: sqsEnvironment,
  missing: requireSqs() || requireService('redis-server'),
  faults: {},
  mutations: {},
});
