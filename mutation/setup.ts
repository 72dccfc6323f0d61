// Runs in each process of vitest, before its test file is loaded.
import { createHash } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { interceptLua } from './lua-files.ts';
import { FOLDER, MODE, REACHED, readSwap } from './protocol.ts';
import { recordReached } from './reached.ts';

if (process.env[MODE] === 'record') {
  const file = expect.getState().testPath!;
  const name = createHash('sha1').update(file).digest('hex');
  // Inherited by the processes that the test starts: they append to the same file.
  const path = join(process.env[FOLDER]!, name);
  process.env[REACHED] = path;
  writeFileSync(path, '', { flag: 'a' });
  // Some of these processes run as another user.
  chmodSync(path, 0o666);
  recordReached();
  interceptLua(null);
} else {
  interceptLua(readSwap(process.env[FOLDER]!));
}
