import { expect, test } from 'vitest';
import { expandPlaceholders, resolvePaths } from '../../../../src/cli/flags/placeholders.ts';
import { resolve } from 'node:path';

const expand = (path: string, node?: string) => expandPlaceholders('--logfile', path, node, 'web1.example.org');

test('placeholders: use the host name and the node name celerybeat by default', () => {
  expect(expand('%n-%h.log')).toBe('celerybeat-web1.example.org.log');
  expect(expand('%p %d %i%I')).toBe('celerybeat@web1.example.org example.org 0');
});

test('placeholders: use the node name of -n, or its host alone', () => {
  expect(expand('%n|%h|%d|%p', 'b1@db.local')).toBe('b1|db.local|local|b1@db.local');
  expect(expand('%n|%h', 'b1@')).toBe('b1|web1.example.org');
  expect(expand('%n|%h', 'db.local')).toBe('celerybeat|db.local');
});

test('placeholders: leave a % without a letter unchanged, and reject an unknown letter', () => {
  expect(expand('100%.log')).toBe('100%.log');
  expect(() => expand('%H.log')).toThrow('unknown placeholder "%H"; did you mean "%h"?');
});

test('paths: the log file is absolute, the pidfile stays as written for its messages', () => {
  const flags = { logfile: 'logs/%n.log', pidfile: '%n.pid', hostname: 'b1@web' };
  expect(resolvePaths(flags)).toEqual({ logfile: resolve('logs/b1.log'), pidfile: 'b1.pid' });
  expect(resolvePaths({})).toEqual({ logfile: undefined, pidfile: undefined });
});
