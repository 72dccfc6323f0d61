import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { resolvePaths } from '../../../../src/cli/flags/placeholders.ts';

test('paths: the log file is absolute, the pidfile stays as written for its messages', () => {
  const flags = { logfile: 'logs/%n.log', pidfile: '%n.pid', hostname: 'b1@web' };
  expect(resolvePaths(flags)).toEqual({ logfile: resolve('logs/b1.log'), pidfile: 'b1.pid' });
  expect(resolvePaths({})).toEqual({ logfile: undefined, pidfile: undefined });
});
