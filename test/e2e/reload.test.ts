import { renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BeatProcess } from '../support/beat-process.ts';
import { callBeat } from '../support/call-beat.ts';
import { Folder } from '../support/folder.ts';

const configOf = (...names: string[]) => `
resultExpires: null
lock: { ttl: 1s }
beatSchedule:
${names.map((name) => `  ${name}: { task: tasks.${name}, schedule: 0.2 }`).join('\n')}
`;

let folder: Folder;
let cwd: string;
beforeEach(() => {
  folder = new Folder({ 'beat.config.yaml': configOf('one') });
  cwd = folder.path;
});
afterEach(() => folder[Symbol.dispose]());

const beat = (...args: string[]) => callBeat(args, { cwd });
const write = (text: string) => {
  writeFileSync(join(cwd, 'beat.config.yaml'), text);
};
const sentFrom = (running: BeatProcess, name: string) =>
  running.log.first(`a run of ${name}`, ({ event, entry }) => event === 'sent' && entry === name);

describe('SIGHUP', () => {
  test('puts the changed files into force, and never stops beat', async () => {
    await using running = new BeatProcess({ cwd });
    await running.waitForRuns(1);
    write(configOf('one', 'two'));
    running.signal('SIGHUP');
    expect(await running.waitForEvent('reloaded')).toMatchObject({
      level: 'info',
      entries: 2,
      added: 1,
      changed: 0,
      removed: 0,
      files: ['beat.config.yaml'],
    });
    await sentFrom(running, 'two');
    expect(await running.stop()).toEqual({ code: 0, signal: null });
    // The entry that did not change kept its grid.
    const instants = running.sent.filter(({ entry }) => entry === 'one').map(({ dueAt }) => dueAt);
    const phases = new Set(instants.map((dueAt) => Date.parse(dueAt) % 200));
    expect(phases.size).toBe(1);
  });

  test('changes nothing while the files are invalid, and says so', async () => {
    await using running = new BeatProcess({ cwd });
    await running.waitForRuns(1);
    write(configOf('one', 'two').replace('schedule: 0.2', 'schedul: 0.2'));
    running.signal('SIGHUP');
    const line = await running.waitForEvent('reload-failed');
    expect(line.msg).toMatch(/^Configuration not reloaded: beat\.config\.yaml:5: .*unknown key/);
    const { length } = running.log.all;
    await running.log.first('a later run', ({ event }) => event === 'sent', length);
    expect(running.log.all.slice(length)).not.toContainEqual(expect.objectContaining({ event: 'stopping' }));
  });
});

describe('beat reload', () => {
  test('has the leader reload, and prints what changed', async () => {
    await using running = new BeatProcess({ cwd });
    await running.waitForRuns(1);
    write(configOf('two', 'three'));
    expect(await beat('reload', '--reason', 'release 7')).toMatchObject({
      code: 0,
      stdout: 'reloaded: 2 added, 0 changed, 1 removed',
      stderr: '',
    });
    expect(await running.waitForEvent('command')).toMatchObject({
      do: 'reload',
      entry: null,
      reason: 'release 7',
      status: 'applied',
    });
    await sentFrom(running, 'three');
    const gone = running.log.all.findIndex(({ event }) => event === 'reloaded');
    const after = running.log.all.slice(gone).filter(({ event }) => event === 'sent');
    expect(after.map(({ entry }) => entry)).not.toContain('one');
  });

  test('is rejected for a setting that needs a restart', async () => {
    await using running = new BeatProcess({ cwd });
    await running.waitForRuns(1);
    write(configOf('one', 'two').replace('ttl: 1s', 'ttl: 2s'));
    expect(await beat('reload')).toMatchObject({
      code: 1,
      stderr:
        'beat: rejected: lock.ttl: cannot change from 1s to 2s while beat runs; ' +
        'restart beat to change it; nothing changed',
    });
  });

  test('with invalid files exits with 2 and lists the errors', async () => {
    write('beatSchedule: { a: { schedule: 5 } }');
    expect(await beat('reload')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('beatSchedule.a.task: missing') as string,
    });
  });
});

test('a follower that becomes leader reads its changed files first', async () => {
  await using leader = new BeatProcess({ cwd });
  await leader.waitForRuns(1);
  await using follower = new BeatProcess({ cwd });
  await follower.waitForEvent('following');
  write(configOf('two'));
  await leader.stop();
  await follower.waitForEvent('reloaded');
  await follower.waitForRuns(2);
  expect(new Set(follower.sent.map(({ entry }) => entry))).toEqual(new Set(['two']));
});

describe('--watch', () => {
  test('reloads when Kubernetes swaps the links of a ConfigMap', async () => {
    using mount = new Folder({ '..one/beat.yaml': configOf('one'), '..two/beat.yaml': configOf('two') });
    const path = (name: string) => join(mount.path, name);
    symlinkSync('..one', path('..data'));
    symlinkSync('..data/beat.yaml', path('beat.yaml'));
    await using running = new BeatProcess({ cwd, args: ['--watch', '-c', path('beat.yaml')] });
    await running.waitForRuns(1);
    symlinkSync('..two', path('..data_tmp'));
    renameSync(path('..data_tmp'), path('..data'));
    await running.waitForEvent('reloaded');
    await sentFrom(running, 'two');
    expect(running.role).toBe('leading');
  });

  test('reloads a changed calendar file, and keeps running with an invalid one', async () => {
    const year = (number: number) =>
      `BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:${number}0101\nDTEND:${number + 1}0101\nEND:VEVENT\nEND:VCALENDAR\n`;
    const thisYear = new Date().getUTCFullYear();
    const ics = folder.write('year.ics', year(thisYear) + year(thisYear + 1));
    const config = configOf('one').replace('{ task', '{ only: year, task');
    write(`${config}calendars: { year: { ics: year.ics } }\n`);
    await using running = new BeatProcess({ cwd, args: ['--watch'] });
    await running.waitForRuns(1);
    writeFileSync(ics, 'BEGIN:VCALENDAR');
    const line = await running.waitForEvent('reload-failed');
    expect(line.msg).toContain('calendars.year.ics: year.ics:1: BEGIN:VCALENDAR without END:VCALENDAR');
    const { length } = running.log.all;
    await running.log.first('a later run', ({ event }) => event === 'sent', length);
    writeFileSync(ics, year(thisYear) + year(thisYear + 1) + year(thisYear + 2));
    expect(await running.waitForEvent('reloaded')).toMatchObject({ changed: 1 });
    await running.stop();
  });

  test('reloads a changed module', async () => {
    const text = (name: string) =>
      `export default { resultExpires: null, beatSchedule: { ${name}: { task: '${name}', schedule: 0.2 } } };`;
    const file = folder.write('beat.mjs', text('one'));
    await using running = new BeatProcess({ cwd, args: ['--watch', '-c', 'beat.mjs'] });
    await running.waitForRuns(1);
    writeFileSync(file, text('two'));
    await sentFrom(running, 'two');
    expect(running.role).toBe('leading');
  });
});
