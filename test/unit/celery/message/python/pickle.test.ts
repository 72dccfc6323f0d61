import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { encodePickle } from '../../../../../src/celery/message/python.ts';
import { CELERIES, findCelery, requireCelery } from '../../../../support/celery.ts';

const VALUES = [
  ...[null, true, false, 0, -1, 2 ** 31, -(2 ** 53), 1e300, 1.5, -0.1],
  ...['', 'text', "it's \u0000 芹菜 🥬\n", 'x'.repeat(70_000)],
  ...[[], [[]], {}, { a: { b: [1, null] }, '': 'empty key' }],
  { exit_code: 0, stdout: 'out', stderr: '', seconds: 0.25 },
];

const LOAD = `
import json, pickle, sys
values = pickle.loads(sys.stdin.buffer.read())
print(json.dumps([values, [type(value).__name__ for value in values]]))`;

for (const celery of CELERIES) {
  const missing = requireCelery(celery);
  test.skipIf(missing)(`pickle: Python of ${celery.name} reads each value of JSON`, () => {
    const python = findCelery(celery)!.python;
    const input = encodePickle(VALUES);
    const output = execFileSync(python, ['-c', LOAD], { input, encoding: 'utf8' });
    const [values, types] = JSON.parse(output) as [unknown[], string[]];
    expect(values).toEqual(VALUES);
    expect(types.slice(0, 10)).toEqual([
      ...['NoneType', 'bool', 'bool', 'int', 'int', 'int', 'int', 'int', 'float', 'float'],
    ]);
  });
}

test('pickle: a value that is not JSON is an error', () => {
  expect(() => encodePickle([undefined])).toThrow('a value of type undefined cannot be pickled');
});
