import { describe, expect, test } from 'vitest';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { storeOptions } from '../../../../src/config/service/store-options.ts';
import { openState } from '../../../../src/drivers/open-store.ts';
import { systemClock } from '../../../../src/util/system-clock.ts';
import { runCommand } from '../../../support/command.ts';
import { parseJsonLines } from '../../../support/config-folder.ts';
import { Folder } from '../../../support/folder.ts';

const HOSTILE = '\u001b]0;title\u0007\r\u009b2J\u202e\nforged';
const LONG = `long${'x'.repeat(9_000)}`;
const MINUTE = 60_000;
/** Ten minutes ago, a whole minute. */
const DUE = Math.floor(systemClock.now() / MINUTE) * MINUTE - 10 * MINUTE;

/** Entries with a hostile and a long name, and an outcome of the first whose fields are hostile. */
async function prepare() {
  const folder = new Folder();
  const entry = { task: `tasks.${HOSTILE}`, schedule: { cron: '* * * * *' } };
  const config = {
    brokerUrl: `sqla+sqlite:///${folder.path}/beat.sqlite`,
    beatSchedule: { [HOSTILE]: entry, [LONG]: entry },
  };
  const file = folder.write('beat.config.json', JSON.stringify(config));
  const settings = resolveSettings(config);
  const store = await openState(storeOptions(settings, systemClock));
  const token = await store.ledger.beginTerm();
  const found = settings.entries.find(({ name }) => name === HOSTILE)!;
  const run = { dueAt: DUE, taskId: 'run-1' };
  const after = {
    version: 1,
    rev: 1,
    spec: found.schedule.spec,
    anchor: DUE,
    dueAt: DUE,
    sentAt: DUE,
    taskId: 'run-1',
    runCount: 1,
  };
  await store.ledger.commit({
    token,
    changes: [
      {
        entry: HOSTILE,
        before: null,
        after,
        messages: [],
        history: [
          {
            kind: 'run',
            ...run,
            sentAt: DUE,
            cause: 'schedule',
            task: found.task,
            queue: HOSTILE,
            term: token,
            leader: HOSTILE,
            number: 1,
          },
          { kind: 'outcome', ...run, state: 'FAILURE', doneAt: DUE, runtimeMs: 1, worker: HOSTILE, error: HOSTILE },
        ],
      },
    ],
  });
  await store.close();
  const beat = (...args: string[]) => runCommand(...args, '--config', file);
  return Object.assign(beat, { [Symbol.dispose]: () => folder[Symbol.dispose]() });
}

const ISO = new Date(DUE).toISOString();
const PERIOD = ['--from', ISO, '--to', new Date(DUE + MINUTE).toISOString()];

/** Arguments of commands, by what they do. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  list: ['list'],
  'list --search of a name': ['list', '--search', HOSTILE],
  'list --search of an unknown name': ['list', '--search', `${HOSTILE} unknown`],
  next: ['next', '-n', '2'],
  'next of an unknown name': ['next', `${HOSTILE} unknown`],
  history: ['history', HOSTILE],
  'history of an entry without one': ['history', LONG],
  'history of an unknown name': ['history', `${HOSTILE} unknown`],
  audit: ['audit', ...PERIOD],
  why: ['why', HOSTILE, '--at', ISO],
  backfill: ['backfill', HOSTILE, ...PERIOD],
  forget: ['forget', HOSTILE],
  check: ['check'],
  'pause with a reason': ['pause', HOSTILE, '--no-wait', '--reason', HOSTILE],
};

describe('output of commands with hostile names, reasons, errors and workers', () => {
  test.each(Object.keys(COMMANDS))(
    'beat %s: prints no control character, and no line that begins within a name',
    async (command) => {
      using beat = await prepare();
      const { stdout, stderr } = await beat(...COMMANDS[command]!);
      const output = stdout + stderr;
      expect(output).not.toBe('');
      expect(output).not.toMatch(/[^\P{Cc}\n]|\p{Bidi_C}/u);
      expect(output).not.toMatch(/^forged/m);
    },
  );

  test.each([['list'], ['next']])('beat %s: shortens a long name, which --json prints whole', async (command) => {
    using beat = await prepare();
    const { stdout } = await beat(command);
    expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThan(600);
    const json = await beat(command, '--json');
    const names = (parseJsonLines(json.stdout) as { entry: string }[]).map(({ entry }) => entry);
    expect(names).toEqual(expect.arrayContaining([HOSTILE, LONG]));
    expect(json.stdout).not.toMatch(/[^\P{Cc}\n]|\p{Bidi_C}/u);
  });
});
