import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { omitSettings, VARIABLES } from '../../../src/config/variables.ts';

const ROOT = join(import.meta.dirname, '../../..');

describe('environment variables of settings', () => {
  test('every variable that a setting is read from is left out for other programs, also as a file', () => {
    for (const name of Object.values(VARIABLES).flat()) {
      expect(omitSettings({ [name]: 'secret', [`${name}_FILE`]: '/run/secret', PATH: '/bin' })) //
        .toEqual({ PATH: '/bin' });
    }
  });

  test('the worker in Python leaves out the same variables', () => {
    const source = readFileSync(join(ROOT, 'deploy/worker/beat_shell.py'), 'utf8');
    const [, tuple = ''] = /^PRIVATE = \(\n([^)]*)\)/m.exec(source)!;
    const inPython = [...tuple.matchAll(/'(\w+)'/g)].map(([, name]) => name!);
    const named = Object.values(VARIABLES).flat();
    const others = named.filter((name) => !name.startsWith('BEAT_'));
    expect(inPython.filter((name) => name !== 'CELERY_BROKER_READ_URL').sort()).toEqual([...others].sort());
    const env = Object.fromEntries(inPython.map((name) => [name, 'secret']));
    expect(omitSettings(env)).toEqual({});
  });
});
