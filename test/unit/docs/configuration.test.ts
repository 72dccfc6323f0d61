import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { configPage } from '../../../scripts/config-page.ts';
import { configTypes } from '../../../scripts/config-types.ts';
import { transportSchema } from '../../../src/config/broker/connection.ts';
import { wholeEntrySchema } from '../../../src/config/entry/schema.ts';
import { resolveSettings } from '../../../src/config/resolve.ts';
import { resultsShape } from '../../../src/config/results/results.ts';
import { queueSchema } from '../../../src/config/routing/task-queues.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { lockShape } from '../../../src/config/service/state.ts';
import { shellSchema } from '../../../src/config/shell/shell.ts';
import { deepOptionsSchema } from '../../../src/config/signatures/schema.ts';
import { OPTION_DOCS } from '../../../src/config/values/option.ts';
import { problemsOf } from '../config/support.ts';

const ROOT = new URL('../../../', import.meta.url);

async function formatted(path: string, text: string): Promise<string> {
  const file = new URL(path, ROOT);
  return format(text, { ...(await resolveConfig(file)), filepath: file.pathname });
}

test.each([
  ['docs/configuration.md', configPage],
  ['src/generated/config-types.ts', configTypes],
])('%s is what `npm run schema` writes', async (path, generate) => {
  expect(readFileSync(new URL(path, ROOT), 'utf8')).toBe(await formatted(path, generate()));
});

type Shape = Readonly<Record<string, z.ZodType>>;
type Place = (value: Readonly<Record<string, unknown>>) => object;

const ENTRY = { task: 't', schedule: 60 };
const withEntry = (entry: object) => {
  const task = 'shell' in entry ? { task: null } : {};
  const companion = ENTRY_COMPANIONS[Object.keys(entry)[0]!];
  return { beatSchedule: { e: { ...ENTRY, ...task, ...companion, ...entry } } };
};
const inner = (schema: z.ZodType) => (schema as z.ZodOptional<z.ZodObject>).unwrap().shape as Shape;

/** Every table of the page whose defaults and examples can be tried, and a configuration with one of its keys. */
const TABLES: readonly (readonly [title: string, shape: Shape, place: Place])[] = [
  ['settings', configSchema.shape, (value) => value],
  ['lock', inner(lockShape.lock), (lock) => ({ lock })],
  [
    'brokerTransportOptions',
    transportSchema.shape,
    (brokerTransportOptions) => ({ brokerUrl: 'redis://localhost', brokerTransportOptions }),
  ],
  [
    'resultBackendTransportOptions',
    inner(resultsShape.resultBackendTransportOptions),
    (resultBackendTransportOptions) => ({ resultBackendTransportOptions }),
  ],
  ['entry', wholeEntrySchema.shape, withEntry],
  [
    'options',
    deepOptionsSchema.shape,
    (options) => ({
      brokerUrl: 'redis://localhost',
      ...withEntry({ options: { ...COMPANIONS[Object.keys(options)[0]!], ...options } }),
    }),
  ],
  ['shell', shellSchema.shape, (shell) => withEntry({ shell: { command: 'true', ...shell } })],
  ['queue', queueSchema.shape, (queue) => ({ taskQueues: { q: { ...queue } } })],
];

const ENTRY_COMPANIONS: Readonly<Record<string, object>> = {
  offset: { schedule: '1h' },
  count: { from: '2030-01-01' },
};
/** Keys without which a key means nothing. */
const COMPANIONS: Readonly<Record<string, object>> = {
  exchange: { routingKey: 'jobs.clean' },
  exchangeType: { exchange: 'jobs', routingKey: 'jobs.clean' },
  routingKey: { exchange: 'jobs' },
  stampedHeaders: { team: 'blue' },
};
const SETTING_COMPANIONS: Readonly<Record<string, object>> = { lockUrls: { stateUrl: 'redis://localhost' } };

/** Settings without which a key of an entry is rejected. */
const SETTINGS_FOR_ENTRY: Readonly<Record<string, object>> = { overlap: { resultBackend: 'redis://localhost' } };

const KEYS = TABLES.flatMap(([title, shape, place]) =>
  Object.entries(shape).map(([key, schema]) => {
    const doc = OPTION_DOCS.get(schema);
    const more = { settings: SETTING_COMPANIONS, entry: SETTINGS_FOR_ENTRY }[title]?.[key];
    const config = (value: unknown) => ({ ...more, ...place({ [key]: value }) });
    return { title, key, doc, config, bare: { ...more, ...place({}) } };
  }),
);

describe('docs/configuration.md', () => {
  const examples = KEYS.flatMap(({ doc, ...rest }) =>
    doc?.example === undefined ? [] : [{ ...rest, example: doc.example }],
  );
  test.each(examples)('the example of $key in $title is valid', ({ config, example }) => {
    expect(problemsOf(config(example))).toEqual([]);
  });

  const defaults = KEYS.flatMap(({ doc, ...rest }) =>
    doc?.default === undefined ? [] : [{ ...rest, value: doc.default }],
  );
  test.each(defaults)('$value means the same as no $key in $title', ({ config, bare, value }) => {
    const resolve = (given: object) => inspect(resolveSettings(given), { depth: 9 });
    expect(resolve(config(value))).toBe(resolve(bare));
  });

  test('every key that has an effect has an example', () => {
    const without = KEYS.filter(({ doc }) => doc && !doc.ignored && doc.example === undefined);
    expect(without.map(({ title, key }) => `${title}.${key}`)).toEqual([]);
    expect(examples.length).toBeGreaterThan(120);
    expect(defaults.length).toBeGreaterThan(40);
  });
});
