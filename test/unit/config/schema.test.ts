import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { jsonSchema } from '../../../scripts/json-schema.ts';
import { problemsOf } from './support.ts';

const committed = JSON.parse(
  await readFile(new URL('../../../schema/celery-beat.schema.json', import.meta.url), 'utf8'),
) as Record<string, unknown>;

function at(pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((here, key) => (here as Record<string, unknown> | undefined)?.[key], committed);
}

describe('the JSON Schema', () => {
  test('that is committed is the one that the code makes: run `npm run schema`', () => {
    expect(committed).toEqual(JSON.parse(JSON.stringify(jsonSchema())));
  });

  test('may be named by a file, for editors', () => {
    expect(problemsOf({ $schema: './node_modules/celery-beat/schema/celery-beat.schema.json' })).toEqual([]);
  });

  test('accepts every spelling, and offers one', () => {
    const entry = '/properties/beatSchedule/additionalProperties/properties';
    expect(at('/properties/CELERYBEAT_SCHEDULE')).toEqual({ $ref: '#/properties/beatSchedule', doNotSuggest: true });
    expect(at(`${entry}/options/properties/time_limit`)).toMatchObject({ doNotSuggest: true });
    expect(at(`${entry}/options/properties/timeLimit`)).not.toHaveProperty('doNotSuggest');
  });

  test('knows signatures, to any depth, and every spelling in them', () => {
    const signature = '/$defs/signature/anyOf';
    expect(at(`${signature}/2/properties/chain/items`)).toEqual({ $ref: '#/$defs/signature' });
    expect(at(`${signature}/1/properties/subtask_type`)).toMatchObject({ doNotSuggest: true });
    expect(at(`${signature}/1/properties/options/properties/link_error`)).toMatchObject({ doNotSuggest: true });
  });

  test('has no reference to a missing definition', () => {
    const references = JSON.stringify(committed).match(/"\$ref":"#[^"]*"/g) ?? [];
    expect(references.length).toBeGreaterThan(10);
    for (const reference of references) {
      expect(at(reference.slice('"$ref":"#'.length, -1)), reference).toBeDefined();
    }
  });

  test('rejects unknown keys, except those that begin with x-', () => {
    expect(committed).toMatchObject({
      additionalProperties: false,
      patternProperties: { '^x-': expect.anything() as unknown },
    });
  });
});
