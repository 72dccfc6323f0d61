import { rabbitmqEnvironment } from '../../chaos/environments/rabbitmq.ts';
import { requireService } from '../support/services.ts';
import { testChaos } from './chaos.ts';

testChaos('RabbitMQ', {
  type: rabbitmqEnvironment,
  missing: requireService('rabbitmq-server') || requireService('redis-server'),
  faults: { 'network cut': [500, 1_500], 'replies lost': [300, 800] },
  mutations: { unconfirmed: 'lost' },
});
