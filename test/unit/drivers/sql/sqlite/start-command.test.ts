import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runBeat, SOURCE } from '../../../../support/beat-process.ts';
import { Folder } from '../../../../support/folder.ts';

test('sqlite: the command ends with exit code 2 and one line if the file is not a database', async () => {
  using folder = new Folder({ 'beat.config.yaml': 'beatSchedule: {}' });
  const path = join(folder.path, 'beat.sqlite');
  writeFileSync(path, 'just some notes of mine\n');
  for (const args of [[], ['list'], ['forget', 'e']]) {
    const answer = await runBeat(args, { cwd: folder.path, script: SOURCE });
    expect(answer.code).toBe(2);
    expect(answer.stderr.split('\n')).toHaveLength(1);
    expect(answer.stderr).toMatch(/^brokerUrl: .*is not an SQLite database/);
  }
});
