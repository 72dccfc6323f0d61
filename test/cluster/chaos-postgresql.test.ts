import { postgresEnvironment } from '../../chaos/environments/postgres.ts';
import { requireService } from '../support/services.ts';
import { testChaos } from './chaos.ts';

testChaos('PostgreSQL', {
  type: postgresEnvironment,
  missing: requireService('postgres'),
  faults: { 'network stalled': [1_500, 2_500], 'replies lost': [300, 800] },
  // Detecting a mutation takes more runs than a test should: `npm run chaos -- --break` does.
  mutations: {},
});
