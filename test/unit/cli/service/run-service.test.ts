import { expect, test, vi } from 'vitest';
import { crashOnUncaught } from '../../../../src/cli/service/run-service.ts';
import type { Outputs } from '../../../../src/cli/service/open-log.ts';

/** Returns what is written, logged and passed to `process.exit` after an uncaught error. */
function crash(thrown: unknown): unknown[] {
  const calls: unknown[] = [];
  const exit = vi.spyOn(process, 'exit').mockImplementation((code) => {
    calls.push(code);
    return undefined as never;
  });
  const outputs = {
    log: { fatal: (...line: unknown[]) => calls.push(line) },
    stderr: { write: (text: string) => calls.push(text) },
  } as unknown as Outputs;
  crashOnUncaught(outputs);
  const listener = process.listeners('uncaughtException').at(-1)!;
  process.off('uncaughtException', listener);
  try {
    (listener as (error: unknown, origin: string) => void)(thrown, 'unhandledRejection');
  } finally {
    exit.mockRestore();
  }
  return calls;
}

test('crash: writes the stack of an uncaught error, logs its first line and exits with 1', () => {
  const error = new Error('mine');
  error.stack = 'Error: mine\n    at here';
  expect(crash(error)).toEqual([
    'Error: mine\n    at here\n',
    [{ event: 'crashed', origin: 'unhandledRejection', error: error.stack }, 'beat: Crashed: Error: mine'],
    1,
  ]);
});

test('crash: writes an error without a stack, and a value that is not an error, as text', () => {
  const bare = new Error('bare');
  delete bare.stack;
  expect(crash(bare)[0]).toBe('bare\n');
  expect(crash('a text')[0]).toBe('a text\n');
});
