import { expect, test } from 'vitest';
import type { SentEvent } from '../../../../src/contracts/events/beat-events.ts';
import { isKnown, sourceOfRun } from '../../../../src/entries/catalog/outcome-source.ts';

const sent = (headers: object): SentEvent => ({ taskId: 'last', messages: [{ headers }] }) as unknown as SentEvent;

test.each([
  ['a task', { id: 'last' }, 'result'],
  ['a task that ignores its result', { id: 'last', ignore_result: true }, 'events'],
  ['a chain whose first task ignores its result', { id: 'first', ignore_result: true }, 'result'],
  ['a chord', { id: 'first', group: 'group' }, 'result'],
  ['a group', { id: 'first', group: 'last' }, null],
])('the outcome of %s is found where the last task has it', (_, headers, source) => {
  expect(sourceOfRun(sent(headers))).toBe(source);
});

test('the outcome of a task of protocol 1 that ignores its result is found in its events', () => {
  const about = { id: 'last', ignore_result: true };
  const message = { headers: {}, about };
  expect(sourceOfRun({ taskId: 'last', messages: [message] } as unknown as SentEvent)).toBe('events');
});

test.each([
  ['result', { results: true, events: false }, true],
  ['result', { results: false, events: true }, true],
  ['result', { results: false, events: false }, false],
  ['events', { results: true, events: false }, false],
  ['events', { results: false, events: true }, true],
  [null, { results: true, events: true }, false],
] as const)('an outcome from %j with %j is known: %j', (source, known, expected) => {
  expect(isKnown(source, known)).toBe(expected);
});
