import { expect, test } from 'vitest';
import { readDefinitionFlags } from '../../../../src/cli/flags/definition-flags.ts';

test('--definition gives fields that have a flag of their own, and null removes them', () => {
  const definition = '{"task":"mail.digest","args":null,"startingDeadline":"2h"}';
  expect(readDefinitionFlags({ definition })).toEqual({ task: 'mail.digest', args: null, startingDeadline: '2h' });
});

test('a flag of a field wins over --definition', () => {
  expect(readDefinitionFlags({ definition: '{"task":"a","args":[1]}', task: 'b' })).toEqual({ task: 'b', args: [1] });
});

test('a definition that is not an object, and invalid JSON, are reported together', () => {
  expect(() => readDefinitionFlags({ definition: '[]', args: '[1' })).toThrow(
    /^--definition: expected a JSON object\n--args: expected JSON, got \[1: /,
  );
});
