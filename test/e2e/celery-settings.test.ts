import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { callBeat } from '../support/call-beat.ts';
import { CELERIES, findCelery, requireCelery } from '../support/celery.ts';
import { Folder } from '../support/folder.ts';

/** All settings of Celery, most with their defaults. */
const DUMP = `
import json, math
from celery import Celery
app = Celery('proj', broker='redis://localhost:6379/1')
def plain(value):
    return None if isinstance(value, float) and math.isinf(value) else value
settings = {key: plain(app.conf[key]) for key in app.conf.table(with_defaults=True)}
settings['beat_schedule'] = {}
print(json.dumps(settings, default=lambda value: value.total_seconds() if hasattr(value, 'total_seconds') else str(value)))
`;

for (const celery of CELERIES) {
  const without = requireCelery(celery);
  const version = findCelery(celery)?.version ?? '';
  test.skipIf(without)(without || `celery settings: accepts every setting of Celery ${version}`, async () => {
    using folder = new Folder({ 'dump.py': DUMP });
    const cwd = folder.path;
    const { python } = findCelery(celery)!;
    const { stdout } = spawnSync(python, ['dump.py'], { cwd, encoding: 'utf8' });
    expect(Object.keys(JSON.parse(stdout) as object).length).toBeGreaterThan(150);
    folder.write('beat.config.json', stdout);
    const checked = await callBeat(['check', '--json'], { cwd });
    const { ok, notes } = JSON.parse(checked.stdout) as { ok: boolean; notes: { message: string }[] };
    expect(ok).toBe(true);
    const left = notes.filter(({ message }) => message.startsWith('ignored, as settings of the workers'));
    expect(left).toHaveLength(1);
    expect(left[0]!.message).toMatch(/worker_prefetch_multiplier.*worker_timer_precision/);
  });
}
