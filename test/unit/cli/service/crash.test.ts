import { expect, it, vi } from 'vitest';
import { endLoudly } from '../../../../src/cli/service/crash.ts';
import type { Outputs } from '../../../../src/cli/service/open-log.ts';

/** What is written, logged and answered to the shell when nothing catches a value. */
function crash(thrown: unknown): unknown[] {
  const told: unknown[] = [];
  const exit = vi.spyOn(process, 'exit').mockImplementation((code) => {
    told.push(code);
    return undefined as never;
  });
  const outputs = {
    log: { fatal: (...line: unknown[]) => told.push(line) },
    stderr: { write: (text: string) => told.push(text) },
  } as unknown as Outputs;
  endLoudly(outputs);
  const listener = process.listeners('uncaughtException').at(-1)!;
  process.off('uncaughtException', listener);
  try {
    (listener as (error: unknown, origin: string) => void)(thrown, 'unhandledRejection');
  } finally {
    exit.mockRestore();
  }
  return told;
}

it('an error that nothing catches is written with its stack, logged by its first line, and ends with 1', () => {
  const error = new Error('mine');
  error.stack = 'Error: mine\n    at here';
  expect(crash(error)).toEqual([
    'Error: mine\n    at here\n',
    [
      { event: 'crashed', origin: 'unhandledRejection', error: error.stack },
      'beat: Crashed: Error: mine',
    ],
    1,
  ]);
});

it('an error without a stack, and a value that is no error, are written as they are', () => {
  const bare = new Error('bare');
  delete bare.stack;
  expect(crash(bare)[0]).toBe('bare\n');
  expect(crash('a text')[0]).toBe('a text\n');
});
