import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { linkAbort } from '../../../src/util/linked-abort.ts';

test('a linked signal aborts with the first of the others, with its reason', () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const { signal } = linkAbort(first.signal, second.signal);
  second.abort('second');
  first.abort('first');
  expect(signal.reason).toBe('second');
});

test('a linked signal is aborted from the beginning if one of the others is', () => {
  expect(linkAbort(new AbortController().signal, AbortSignal.abort('over')).signal.reason).toBe('over');
});

test.each(['itself', 'another'])('once it aborted by %s, a linked signal listens to no other', (by) => {
  const [first, second] = [new AbortController(), new AbortController()];
  const linked = linkAbort(first.signal, second.signal);
  if (by === 'itself') linked.abort('own');
  else first.abort('first');
  expect(linked.signal.aborted).toBe(true);
  expect([first, second].flatMap(({ signal }) => getEventListeners(signal, 'abort'))).toEqual([]);
});
