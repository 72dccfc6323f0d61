import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BeatProcess } from '../support/beat-process.ts';
import { callBeat } from '../support/call-beat.ts';
import { Folder } from '../support/folder.ts';

const MANIFEST = `
apiVersion: batch/v1
kind: CronJob
metadata: { name: yearly }
spec:
  schedule: 0 0 1 1 *
  timeZone: Asia/Tokyo
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: yearly
              image: busybox
              command: [/bin/sh, -c, 'echo "$BEAT_DUE_AT $GREETING" > ran.txt']
              env: [{ name: GREETING, value: hello world }]
status:
  lastScheduleTime: "2024-06-01T00:00:00Z"
`;

test('beat import kubernetes: a run that is due since the last one is sent at once, and its command runs', async () => {
  using folder = new Folder({ 'cronjob.yaml': MANIFEST });
  const cwd = folder.path;
  const args = ['cronjob.yaml', '-o', 'jobs.yaml', '--last-runs', '--partial'];
  expect((await callBeat(['import', 'kubernetes', ...args], { cwd })).code).toBe(0);
  await using beat = new BeatProcess({ cwd, args: ['start', '--with-worker', '-c', 'jobs.yaml'] });
  const run = await beat.log.until('the run', () => beat.sent[0]);
  // The newest midnight of a first of January in Tokyo.
  expect(run.dueAt).toMatch(/^20\d\d-12-31T15:00:00\.000Z$/);
  expect(Date.now() - Date.parse(run.dueAt)).toBeLessThan(367 * 86_400_000);
  await beat.waitForEvent('job-succeeded');
  expect(readFileSync(join(cwd, 'ran.txt'), 'utf8')).toBe(`${run.dueAt} hello world\n`);
  expect((await beat.stop()).code).toBe(0);
});
