import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readJson } from '../../../src/config/source/json.ts';
import { readYaml } from '../../../src/config/source/yaml.ts';
import { resolveSources } from '../../../src/config/resolve.ts';
import { ConfigError } from '../../../src/util/errors.ts';

const SOUND = JSON.stringify({
  brokerUrl: 'redis://localhost',
  taskRoutes: { 'feeds.*': { queue: 'feeds', priority: 3 } },
  taskQueues: { feeds: { exchange: 'media', exchangeType: 'topic', routingKey: 'feeds.#' } },
  beatSchedule: {
    a: { task: 'feeds.a', schedule: { crontab: { minute: '*/5' } }, args: [1, '{{dueAt | date}}'] },
    b: { task: { chain: ['x', { task: 'y', kwargs: { k: null } }] }, schedule: { cron: '0 3 * * *' } },
    c: { task: 'c', schedule: 5, options: { headers: { h: 1 }, link: ['d'], expires: '5m' } },
  },
});

const hostile = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'toString', '', '\0', '[', '*-[', '{{dueAt', '\u001b'),
  fc.constantFrom('a', ' ', '*', '1,', '://').map((text) => text.repeat(10_000)),
  fc.constantFrom(null, true, -1, 1e300, [], {}, [[]]),
  fc.string(),
);

/** BEAT_FUZZ_RUNS and BEAT_FUZZ_SEED make it longer, and another. */
const numRuns = Number(process.env['BEAT_FUZZ_RUNS'] ?? 200);
const seed = Number(process.env['BEAT_FUZZ_SEED'] ?? 8);

test('a mutated configuration is valid or a ConfigError, and changes no prototype', () => {
  const mutation = fc.tuple(fc.nat(), fc.boolean(), hostile);
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
      const text = mutations.reduce(mutate, SOUND);
      for (const source of [readJson(text, 'f.json'), readYaml(text, 'f.yaml')]) {
        try {
          resolveSources([source]);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
          const { errors } = error as ConfigError;
          expect(errors.every(({ file, path }) => file ?? path.length > 0)).toBe(true);
        }
      }
      expect(Object.keys(Object.prototype)).toEqual([]);
    }),
    { numRuns, seed },
  );
});

/** Puts another value, or another name, where one of the quoted texts of the configuration stands. */
function mutate(text: string, [at, isName, value]: [number, boolean, unknown]): string {
  const places = [...text.matchAll(/"[^"\\]*"(:?)/g)].filter(([, colon]) => !!colon === isName);
  const place = places[at % Math.max(1, places.length)];
  if (!place) return text;
  const put = isName ? `${JSON.stringify(String(value))}:` : JSON.stringify(value);
  return text.slice(0, place.index) + put + text.slice(place.index + place[0].length);
}
