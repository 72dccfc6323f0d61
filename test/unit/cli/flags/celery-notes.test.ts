import { describe, expect, it } from 'vitest';
import { celeryNotes, checkCeleryFlags } from '../../../../src/cli/flags/celery-notes.ts';
import { readyFlags } from '../../../../src/cli/flags/prepare-flags.ts';
import { refuseWords } from '../../../../src/cli/flags/unknown-arguments.ts';
import { ConfigError } from '../../../../src/util/errors.ts';

describe('flags of celery beat that beat has no use for', () => {
  it.each([
    [{ app: 'proj' }, '--app proj', 'reads its configuration'],
    [{ loader: 'proj.loader' }, '--loader proj.loader', 'loads no Python app'],
    [{ schedule: '/var/db/beat' }, '--schedule /var/db/beat', 'the ledger'],
    [
      { scheduler: 'celery.beat.PersistentScheduler' },
      '--scheduler celery.beat.PersistentScheduler',
      'always remembered',
    ],
    [{ scheduler: 'celery.beat:Scheduler' }, '--scheduler celery.beat:Scheduler', 'one scheduler'],
    [{ maxInterval: '5' }, '--max-interval 5', 'wakes exactly when something is due'],
    [{ executable: '/usr/bin/python3' }, '--executable /usr/bin/python3', 'runs on Node'],
    [{ skipChecks: true }, '--skip-checks', 'no checks'],
  ])('are accepted with one line that says why: %o', (flags, flag, why) => {
    checkCeleryFlags(flags);
    const [note, ...others] = celeryNotes(flags);
    expect(others).toEqual([]);
    expect(note).toMatchObject({ flag, isWarning: false });
    expect(note?.message).toContain(why);
  });

  it('are a warning when what was asked for does not happen', () => {
    expect(celeryNotes({ enableRemoteControl: true })).toMatchObject([
      { isWarning: true, message: expect.stringContaining('beat healthcheck') as string },
    ]);
    expect(celeryNotes({ enableRemoteControl: false })).toEqual([]);
  });

  it('say of a umask that looks octal that it is not', () => {
    expect(celeryNotes({ umask: '22' })).toMatchObject([
      { isWarning: true, message: expect.stringMatching(/026; .* write 022$/) as string },
    ]);
    for (const umask of ['022', '18', '0', '8']) expect(celeryNotes({ umask })).toEqual([]);
  });

  it.each([
    [{ scheduler: 'django' }, /Django's database are not read; write them under beatSchedule/],
    [{ scheduler: 'django_celery_beat.schedulers:DatabaseScheduler' }, /Django's database/],
    [{ scheduler: 'redbeat.RedBeatScheduler' }, /RedBeat keeps in Redis are not read; .*-S out/],
    [{ scheduler: 'proj.Mine' }, /a scheduler written in Python cannot run here/],
    [{ maxInterval: 'soon' }, /whole number of seconds, not "soon"/],
    [{ umask: '089' }, /--umask takes an octal number .*not "089"/],
    [{ umask: '512' }, /--umask/],
    [{ logfile: 'beat-%z.log' }, /--logfile beat-%z\.log: "%z" stands for nothing/],
    [{ pidfile: '%q.pid' }, /--pidfile %q\.pid: "%q"/],
  ])('are refused with the way to go: %o', (flags, says) => {
    expect(() => checkCeleryFlags(flags)).toThrow(says);
    expect(() => checkCeleryFlags(flags)).toThrow(ConfigError);
  });

  it('are all looked at before any has an effect', () => {
    const wrong = { umask: 'x', scheduler: 'django', maxInterval: 'y', workdir: '/' };
    const before = process.cwd();
    try {
      readyFlags(wrong, false);
      expect.unreachable();
    } catch (error) {
      expect((error as ConfigError).errors).toHaveLength(3);
    }
    expect(process.cwd()).toBe(before);
  });

  it('are not given when they are empty, as in --pidfile=$NOTHING', () => {
    expect(readyFlags({ pidfile: '', logfile: '', app: 'proj' }, false)).toEqual({ app: 'proj' });
  });

  it('are done once: a detached process inherits what its caller became', () => {
    const given = { workdir: '/nowhere', uid: 'nobody', gid: 'x', umask: '022', detach: true };
    const { workdir, uid, gid, umask, detach, pidfile } = readyFlags(
      { ...given, pidfile: 'b.pid' },
      true,
    );
    expect([workdir, uid, gid, umask, detach]).toEqual(Array(5).fill(undefined));
    expect(pidfile).toBe('b.pid');
  });
});

describe('words', () => {
  const refused = (word: string) => () => {
    refuseWords([word], ['start', 'check']);
  };

  it('that are settings are sent to the configuration, without their passwords', () => {
    expect(refused('broker.url=redis://:secret@host')).toThrow(
      '"broker.url=redis://:**@host": settings are not read from the command line; put broker_url into',
    );
    expect(refused('.timezone=UTC')).toThrow('put timezone into the configuration');
  });

  it('that are no command are told apart from those that nearly are', () => {
    expect(refused('chekc')).toThrow('did you mean "check"?');
    expect(refused('worker')).toThrow('allowed: start, check');
  });
});
