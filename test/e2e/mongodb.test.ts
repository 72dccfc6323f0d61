import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BeatProcess } from '../support/beat-process.ts';
import { CELERIES, findCelery, requireCelery, Worker } from '../support/celery.ts';
import { Folder } from '../support/folder.ts';
import { History } from '../support/history.ts';
import { MongoServer, requireMongodb } from '../support/mongodb.ts';
import { itKeepsItsPromises } from './promises.ts';
import { asYaml, BEAT_SCHEDULE } from './workers.config.ts';

for (const celery of CELERIES) {
  const missing = requireMongodb() || requireCelery(celery, 'pymongo');

  describe.skipIf(missing)(missing || `Celery ${findCelery(celery)?.version} on MongoDB`, () => {
    const history = new History();
    const folder = new Folder({ 'beat.config.yaml': asYaml() });
    const cwd = folder.path;
    let server: MongoServer;

    beforeAll(async () => {
      server = await MongoServer.start('set');
      const brokerUrl = server.url();
      await history.record({
        entries: Object.keys(BEAT_SCHEDULE).length,
        beat: () => new BeatProcess({ cwd, args: ['-b', brokerUrl] }),
        worker: () => new Worker(celery, { brokerUrl, cwd, queues: ['celery', 'reports'] }),
      });
    });
    afterAll(async () => {
      await server.stop();
      folder[Symbol.dispose]();
    });

    itKeepsItsPromises(history);

    test('workers leave no message behind', async () => {
      expect(await server.db.collection('messages').countDocuments()).toBe(0);
    });
  });
}
