import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runBeat } from '../support/beat-process.ts';
import { CELERIES, findCelery, requireCelery } from '../support/celery.ts';
import { Folder } from '../support/folder.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/celery.md'), 'utf8');
const EXPORT = /```python\n(# export_schedule\.py:[^]*?)```/.exec(PAGE)![1]!;

const APP = `
from datetime import datetime, timedelta, timezone
from celery import Celery
from celery.schedules import crontab, schedule

app = Celery('proj', broker='redis://localhost:6379/1')
app.conf.timezone = 'Europe/Oslo'
app.conf.beat_schedule = {
    'number': {'task': 'tasks.add', 'schedule': 30.5, 'args': (1, 'tøy')},
    'timedelta': {'task': 'tasks.add', 'schedule': timedelta(hours=2), 'relative': True},
    'schedule': {'task': 'tasks.add', 'schedule': schedule(timedelta(days=1), relative=True)},
    'crontab': {'task': 'tasks.add', 'schedule': crontab(minute='*/15', hour={8, 20}, day_of_week='mon-fri')},
    'options': {
        'task': 'tasks.add',
        'schedule': crontab(minute=0),
        'kwargs': {'a': [1]},
        'options': {
            'queue': 'reports', 'priority': 3, 'expires': timedelta(minutes=5),
            'eta': datetime(2100, 1, 1, tzinfo=timezone.utc), 'headers': {'x': 1},
        },
    },
}

@app.task(name='tasks.hello')
def hello(name):
    return name

@app.on_after_finalize.connect
def more(sender, **_):
    sender.add_periodic_task(90, hello.s('world'), name='added', queue='reports', link=hello.si('done'))
try:
    from celery.schedules import solar
    app.conf.beat_schedule['solar'] = {'task': 'tasks.add', 'schedule': solar('sunset', 59.9, 10.7)}
except Exception:  # without ephem
    pass
`;

/** All settings of Celery, most with their defaults. */
const DUMP = `
import json, math
from proj import app
def plain(value):
    return None if isinstance(value, float) and math.isinf(value) else value
settings = {key: plain(app.conf[key]) for key in app.conf.table(with_defaults=True)}
settings['beat_schedule'] = {}
print(json.dumps(settings, default=lambda value: value.total_seconds() if hasattr(value, 'total_seconds') else str(value)))
`;

/** What each entry means to beat; `solar` only if Celery can compute it. */
const EXPORTED = {
  number: { schedule: 30.5, args: [1, 'tøy'] },
  timedelta: { schedule: 7_200, relative: true },
  schedule: { schedule: 86_400, relative: true },
  crontab: { schedule: { crontab: { minute: '*/15', hour: [8, 20], day_of_week: 'mon-fri' } } },
  options: {
    kwargs: { a: [1] },
    options: { queue: 'reports', priority: 3, expires: 300, eta: '2100-01-01T00:00:00+00:00' },
  },
  added: { schedule: 90, args: ['world'], options: { link: { task: 'tasks.hello' } } },
};

for (const celery of CELERIES) {
  const without = requireCelery(celery);
  const version = findCelery(celery)?.version ?? '';
  test.skipIf(without)(
    without || `export: converts the beat_schedule of Celery ${version}`,
    async () => {
      using folder = new Folder({ 'proj.py': APP, 'export_schedule.py': EXPORT });
      const cwd = folder.path;
      const { python } = findCelery(celery)!;
      const run = spawnSync(python, ['export_schedule.py', 'proj:app'], { cwd, encoding: 'utf8' });
      expect(run.stderr).toBe('');
      const exported = JSON.parse(run.stdout) as { beat_schedule: Record<string, object> };
      expect(exported).toMatchObject({
        ...{ timezone: 'Europe/Oslo', broker_url: 'redis://localhost:6379/1' },
        beat_schedule: EXPORTED,
      });

      folder.write('beat.config.json', run.stdout);
      const checked = await runBeat(['check', '--json'], { cwd });
      expect(checked.stderr).toBe('');
      expect(JSON.parse(checked.stdout)).toMatchObject({ ok: true });

      const after = ['--after', '2027-03-01T12:00', '-n', '1', '--json'];
      const { stdout } = await runBeat(['next', ...after], { cwd });
      const due = stdout.split('\n').map((line) => JSON.parse(line) as Record<string, string>);
      const dueAt: Readonly<Record<string, string>> = Object.fromEntries(
        due.map(({ entry = '', dueAt: instant = '' }) => [entry, instant]),
      );
      expect(dueAt).toMatchObject({
        crontab: '2027-03-01T19:00:00.000Z',
        timedelta: '2027-03-01T13:00:00.000Z',
        options: '2027-03-01T12:00:00.000Z',
      });
      if ('solar' in exported.beat_schedule) expect(dueAt['solar']).toMatch(/^2027-03-01T16:4/);
    },
  );

  test.skipIf(without)(
    without || `export: accepts every setting of Celery ${version}`,
    async () => {
      using folder = new Folder({ 'proj.py': APP, 'dump.py': DUMP });
      const cwd = folder.path;
      const { python } = findCelery(celery)!;
      const { stdout } = spawnSync(python, ['dump.py'], { cwd, encoding: 'utf8' });
      expect(Object.keys(JSON.parse(stdout) as object).length).toBeGreaterThan(150);
      folder.write('beat.config.json', stdout);
      const checked = await runBeat(['check', '--json'], { cwd });
      const { ok, notes } = JSON.parse(checked.stdout) as {
        ok: boolean;
        notes: { message: string }[];
      };
      expect(ok).toBe(true);
      const left = notes.filter(({ message }) =>
        message.startsWith('ignored, as settings of the workers'),
      );
      expect(left).toHaveLength(1);
      expect(left[0]!.message).toMatch(/worker_prefetch_multiplier.*worker_timer_precision/);
    },
  );
}
