import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { resolveSources } from '../../../../src/config/resolve.ts';
import { readJson } from '../../../../src/config/source/json.ts';

interface Json {
  readonly text: string;
  readonly repeated: number;
}

const name = fc.constantFrom('a', 'b', '\\u0061', 'a:b', '{', '\\"', '__proto__', '1', '');
const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('1', '"a:"', '"\\":{"', 'null', '12345678901234567890').map((text) => ({ text, repeated: 0 })),
    fc
      .array(tie('value'), { maxLength: 3 })
      .map((items) => ({
        text: `[${items.map(({ text }) => text).join(',')}]`,
        repeated: items.reduce((sum, item) => sum + item.repeated, 0),
      })),
    fc
      .array(fc.tuple(name, tie('value')), { maxLength: 4 })
      .map((items) => ({
        text: `{${items.map(([key, item]) => `"${key}" : ${item.text}`).join(',\n')}}`,
        repeated:
          items.length -
          new Set(items.map(([key]) => JSON.parse(`"${key}"`) as string)).size +
          items.reduce((sum, [, item]) => sum + item.repeated, 0),
      })),
  ),
}));

test('every repeated key in a JSON file is an error, and nothing else is', () => {
  fc.assert(
    fc.property(value, ({ text, repeated }) => {
      const { errors } = readJson(text, 'f.json');
      expect(errors).toHaveLength(repeated);
      expect(errors.every(({ message }) => message.startsWith('repeated key, first on line '))).toBe(true);
    }),
    { seed: 5, numRuns: 1_000 },
  );
});

test('settings do not hold the files that they were read from', async () => {
  const read = () => {
    const entry = { task: 't', schedule: 5, only: 'workdays' };
    const config = { calendars: { workdays: { weekdays: ['mon-fri'] } }, beatSchedule: { e: entry } };
    const source = readJson(JSON.stringify(config), 'f.json');
    return {
      settings: resolveSources([source]),
      source: new WeakRef(source),
      config: new WeakRef(source.config as object),
    };
  };
  const { settings, source, config } = read();
  setFlagsFromString('--expose-gc');
  // A collection in the same job would keep what a weak reference was made for.
  await new Promise(setImmediate);
  (runInNewContext('gc') as () => void)();
  expect([source.deref(), config.deref()]).toEqual([undefined, undefined]);
  const { entry } = settings.definitions.read('stored', { task: 't', schedule: 5, only: 'workdays' });
  expect(entry.name).toBe('stored');
});
