import { sqliteEnvironment } from '../../chaos/environments/sqlite.ts';
import { testChaos } from './chaos.ts';

testChaos('SQLite', {
  type: sqliteEnvironment,
  missing: false,
  faults: { 'file write-locked': [1_500, 2_500], freeze: [1_200, 2_000] },
  mutations: { unchecked: 'doubled', 'publish-first': 'doubled' },
  firstSeed: 2,
});
