import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { v5 } from 'uuid';
import { NAMESPACE, occurrenceName, computeTaskId } from '../../../../src/celery/message/task-id.ts';

const triple = fc.tuple(
  fc.string({ unit: 'grapheme' }),
  fc.integer({ min: 0, max: 8.64e15 }),
  fc.string({ unit: 'grapheme' }),
);

describe('the task id of an occurrence', () => {
  test('is the UUIDv5 of the uuid library', () => {
    fc.assert(
      fc.property(triple, ([entry, dueAt, prefix]) => {
        const name = occurrenceName(entry, dueAt, prefix);
        expect(computeTaskId(entry, dueAt, prefix)).toBe(v5(name, NAMESPACE));
      }),
    );
  });

  test('never changes between releases', () => {
    // Python: uuid.uuid5(uuid.UUID(NAMESPACE), '1795240800000 4 beatcleanup')
    expect(computeTaskId('cleanup', Date.UTC(2026, 10, 21, 6), 'beat')).toBe('0c2aa64c-a787-5cba-838d-79fe4b55b67f');
  });

  test('differs for another entry, instant or key prefix', () => {
    // Digits, spaces and the borders between the three are where a careless encoding would collide.
    const text = fc.string({ unit: fc.constantFrom('1', '0', ' ', 'a'), maxLength: 4 });
    const close = fc.tuple(text, fc.integer({ min: 0, max: 111 }), text);
    fc.assert(
      fc.property(close, close, (a, b) => {
        expect(occurrenceName(...a) === occurrenceName(...b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
      { numRuns: 2_000 },
    );
  });

  test('of a run by command depends on the id of the command', () => {
    const at = Date.UTC(2026, 10, 21, 6);
    const ids = [undefined, 'c1', 'c2'].map((command) => computeTaskId('cleanup', at, 'beat', command));
    expect(new Set(ids).size).toBe(3);
    // Python: uuid.uuid5(uuid.UUID(ids[0]), 'c1')
    expect(ids[1]).toBe(v5('c1', ids[0]!));
    expect(computeTaskId('cleanup', at, 'beat', 'c1')).toBe(ids[1]);
  });
});
