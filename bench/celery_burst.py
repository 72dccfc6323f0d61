"""Ticks a real Celery scheduler until all its entries, due at once, are in the queue.

Arguments: broker URL, `beat` or `redbeat`, how many entries.
Prints JSON: versions, and the seconds from the first tick to the last message.
"""

import json
import os
import sys
import tempfile
import time
from datetime import timedelta
from types import SimpleNamespace

import celery
from celery import Celery

HOUR = timedelta(hours=1)


def entries(count):
    for i in range(count):
        yield f'report-{i}', {
            'task': 'reports.build',
            'schedule': HOUR,
            'args': [i, 'daily'],
            'kwargs': {'tenant': f't-{i}'},
        }


def beat(app, count):
    from celery.beat import PersistentScheduler

    app.conf.beat_schedule = dict(entries(count))
    scheduler = PersistentScheduler(app, schedule_filename='celerybeat-schedule')
    for entry in scheduler.schedule.values():
        entry.last_run_at -= 2 * HOUR
    return scheduler


def redbeat(app, count):
    from celery.schedules import schedule
    from redbeat import RedBeatScheduler, RedBeatSchedulerEntry
    from redbeat.schedulers import acquire_distributed_beat_lock

    for name, entry in entries(count):
        RedBeatSchedulerEntry(
            name,
            entry['task'],
            schedule(HOUR, app=app),
            args=entry['args'],
            kwargs=entry['kwargs'],
            last_run_at=app.now() - 2 * HOUR,
            app=app,
        ).save()
    scheduler = RedBeatScheduler(app)
    # What `celery beat` does when it starts: each tick extends the lock.
    acquire_distributed_beat_lock(sender=SimpleNamespace(scheduler=scheduler))
    return scheduler


def main(url, kind, count):
    app = Celery(broker=url)
    app.conf.redbeat_redis_url = url
    scheduler = {'beat': beat, 'redbeat': redbeat}[kind](app, count)
    sent = 0
    apply_async = scheduler.apply_async

    def counted(*args, **kwargs):
        nonlocal sent
        result = apply_async(*args, **kwargs)
        sent += 1
        return result

    scheduler.apply_async = counted
    started = time.perf_counter()
    while sent < count:
        scheduler.tick()
    seconds = time.perf_counter() - started
    return {'seconds': seconds, 'versions': versions(kind)}


def versions(kind):
    from importlib.metadata import version

    python = sys.version.split()[0]
    extra = f", redbeat {version('celery-redbeat')}" if kind == 'redbeat' else ''
    return f'celery {celery.__version__}{extra}, redis-py {version("redis")}, Python {python}'


if __name__ == '__main__':
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        print(json.dumps(main(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
