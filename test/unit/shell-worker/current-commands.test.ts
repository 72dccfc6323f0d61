import { expect, test } from 'vitest';
import { AllowedCommands } from '../../../src/shell-worker/command.ts';
import { CurrentCommands } from '../../../src/shell-worker/current-commands.ts';

const HOUR = 3_600_000;

/** The commands of a worker whose configuration declares `files.command`, with a clock that sleeps at once. */
function setUp(declared: string) {
  const files = { command: declared, reads: 0 };
  const time = { now: 0 };
  const allowed = () => new AllowedCommands([{ command: files.command }]);
  const commands = new CurrentCommands(allowed(), {
    clock: {
      now: () => time.now,
      monotonic: () => time.now,
      sleep: async (ms) => void (time.now += ms),
    },
    read: async () => {
      files.reads += 1;
      return allowed();
    },
  });
  return { files, time, commands };
}

test('commands of a worker: an undeclared command is rejected only after the configuration was read again', async () => {
  const { files, commands } = setUp('old');
  expect(await commands.has({ command: 'old' })).toBe(true);
  expect(files.reads).toBe(0);
  files.command = 'new';
  expect(await commands.has({ command: 'new' })).toBe(true);
  expect(await commands.has({ command: 'other' })).toBe(false);
});

test('commands of a worker: an earlier declaration stays allowed for an hour', async () => {
  const { files, time, commands } = setUp('old');
  files.command = 'new';
  expect(await commands.has({ command: 'new' })).toBe(true);
  time.now = HOUR - 1;
  expect(await commands.has({ command: 'old' })).toBe(true);
  time.now = HOUR;
  expect(await commands.has({ command: 'old' })).toBe(false);
});

test('commands of a worker: undeclared commands read the configuration at most once a second', async () => {
  const { files, time, commands } = setUp('old');
  for (let i = 0; i < 3; i++) {
    await Promise.all(['a', 'b'].map((command) => commands.has({ command })));
  }
  expect(files.reads).toBe(3);
  expect(time.now).toBe(2_000);
});
