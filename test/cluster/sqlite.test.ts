import { afterEach, beforeEach, describe } from 'vitest';
import { Folder } from '../support/folder.ts';
import { readSqliteQueue } from '../support/queues.ts';
import { takeover } from './takeover.ts';

describe('two instances on one SQLite file', () => {
  let folder: Folder;
  beforeEach(() => {
    folder = new Folder();
  });
  afterEach(() => folder[Symbol.dispose]());

  const file = () => `${folder.path}/beat.sqlite`;
  takeover('SQLite', { brokerUrl: () => `sqla+sqlite:///${file()}`, queued: async () => readSqliteQueue(file()) });
});
