import { describe, expect, it } from 'vitest';
import { next } from '../../../../src/cli/commands/next.ts';
import { ConfigError } from '../../../../src/util/errors.ts';

describe('beat next --timezone', () => {
  it.each([
    ['BST', 'did you mean "Europe/London"?'],
    ['Europe/Olso', 'did you mean "Europe/Oslo"?'],
    ['+02:00', 'is not the name of an IANA time zone'],
  ])('refuses %s before it reads the configuration', async (timezone, hint) => {
    const run = next([], { count: '1', timezone, config: '/nowhere/beat.yaml' });
    await expect(run).rejects.toThrow(ConfigError);
    await expect(run).rejects.toThrow(`--timezone: "${timezone}"`);
    await expect(run).rejects.toThrow(hint);
  });
});
