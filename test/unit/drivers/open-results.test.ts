import { describe, expect, test } from 'vitest';
import type { BeatConfig } from '../../../src/generated/config-types.ts';
import { resolveSettings } from '../../../src/config/resolve.ts';
import { chain, chord, group, sig } from '../../../src/index.ts';
import { resultOptions } from '../../../src/config/service/store-options.ts';
import { openResults } from '../../../src/drivers/open-store.ts';
import { parseEndpoint } from '../../../src/drivers/endpoint.ts';

const [a, b] = [sig('a'), sig('b')];
const REDIS = 'redis://127.0.0.1:1';

type TaskOf = NonNullable<BeatConfig['beatSchedule']>[string]['task'];

/** Whether a result backend is opened for an entry that calls the task. */
async function opens(task: TaskOf, config: BeatConfig): Promise<boolean> {
  const beatSchedule = { e: { task, schedule: 60 } };
  const results = await openResults(resultOptions(resolveSettings({ ...config, beatSchedule })));
  await results?.close();
  return results !== null;
}

describe('the result backend', () => {
  test.each<[string, TaskOf, boolean]>([
    ['a chord', chord([a, b], a), true],
    ['a chain that begins with a group that a task follows', chain(group(a, b), a), true],
    ['a group with a chord in it', group(a, chord([a, b], b)), true],
    ['a task', 'a', false],
    ['a chain of tasks', chain(a, b), false],
    ['a group', group(a, b), false],
    ['a chord that a worker starts', chain(a, chord([a, b], a)), false],
  ])('is opened only if an entry starts a chord: %s', async (_what, task, isOpened) => {
    expect(await opens(task, { resultBackend: REDIS })).toBe(isOpened);
  });

  test.each(['redis://h/name', 'redis://h:port'])(
    'with an invalid URL is an error for the setting resultBackend: %s',
    async (resultBackend) => {
      const settings = resolveSettings({
        resultBackend: REDIS,
        beatSchedule: { e: { task: chord([a, b], a), schedule: 60 } },
      });
      const results = { ...settings.results, backend: parseEndpoint(resultBackend) };
      await expect(openResults(resultOptions({ ...settings, results }))).rejects.toThrow(/^resultBackend: /);
    },
  );
});
