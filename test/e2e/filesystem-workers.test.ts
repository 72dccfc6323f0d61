import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BeatProcess } from '../support/beat-process.ts';
import { CELERIES, findCelery, requireCelery, Worker } from '../support/celery.ts';
import { Folder } from '../support/folder.ts';
import { History } from '../support/history.ts';
import { itKeepsItsPromises } from './promises.ts';
import { asYaml, BEAT_SCHEDULE } from './workers.config.ts';

for (const celery of CELERIES) {
  const missing = requireCelery(celery);

  describe.skipIf(missing)(missing || `Celery ${findCelery(celery)?.version} on the file system`, () => {
    const folder = new Folder({
      'beat.config.yaml': `${asYaml()}\nbrokerTransportOptions: { dataFolderOut: queue }\n`,
    });
    const cwd = folder.path;
    const history = new History();
    const brokerUrl = 'filesystem://';

    beforeAll(async () => {
      mkdirSync(join(cwd, 'queue'));
      const transportOptions = { data_folder_in: 'queue', data_folder_out: 'queue' };
      await history.record({
        entries: Object.keys(BEAT_SCHEDULE).length,
        beat: () => new BeatProcess({ cwd, args: ['-b', brokerUrl] }),
        worker: () => new Worker(celery, { brokerUrl, cwd, queues: ['celery', 'reports'], transportOptions }),
      });
    });
    afterAll(() => folder[Symbol.dispose]());

    itKeepsItsPromises(history);

    test('workers leave no file behind', () => {
      expect(readdirSync(join(cwd, 'queue'))).toEqual(['.drafts']);
      expect(readdirSync(join(cwd, 'queue/.drafts'))).toEqual([]);
    });
  });
}
