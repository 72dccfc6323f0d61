import { describe, expect, test } from 'vitest';
import { lazy } from '../../../../src/index.ts';
import { composeTask } from '../canvas/support.ts';

/** The positional arguments that a worker gets, as JSON. */
function argumentsFor(...args: unknown[]): unknown {
  const { messages } = composeTask('t', { entry: { args } });
  return (JSON.parse(messages[0]!.body.toString()) as [unknown])[0];
}

const DUE = '2026-11-21T05:44:00.000Z';

describe('rendering for an occurrence', () => {
  test('applies anywhere in the arguments: in lists, in maps, in maps without a prototype', () => {
    const bare = Object.assign(Object.create(null) as object, { at: '{{dueAt}}' });
    expect(argumentsFor('{{dueAt}}', [['{{dueAt}}']], { a: { b: '{{dueAt}}' } }, bare)).toEqual([
      DUE,
      [[DUE]],
      { a: { b: DUE } },
      { at: DUE },
    ]);
  });

  test('returns values without functions and templates unchanged', () => {
    const plain = [1, null, true, 'text', { a: [] }];
    expect(
      argumentsFor(
        ...plain,
        lazy(() => 1),
      ),
    ).toEqual([...plain, 1]);
  });

  test('calls a function once that is in several places', () => {
    let asked = 0;
    const count = lazy(() => ++asked);
    expect(argumentsFor(count, [count], { k: count })).toEqual([1, [1], { k: 1 }]);
  });

  test.each([
    [new Error('no rates today'), 'the function threw: no rates today'],
    [new TypeError('x is undefined'), 'the function threw: TypeError: x is undefined'],
    ['a text', 'the function threw: a text'],
  ])('is an error with the path of a function that throws: %s', (thrown, message) => {
    const failing = lazy(() => {
      // Anything may be thrown by a user's function.
      throw thrown as Error;
    });
    expect(() => argumentsFor('a', { rate: failing })).toThrow(
      expect.objectContaining({ message: `args[1].rate: ${message}`, cause: thrown }),
    );
  });

  test('is an error if a function returns a promise', () => {
    const later = lazy((): unknown => Promise.reject(new Error('no db')));
    expect(() => argumentsFor([later])).toThrow(
      'args[0][0]: the function returned a promise; it must be synchronous',
    );
  });
});
