"""The entries of the scheduler that the app has configured, through its own API and without a trace in its store."""
import os
import tempfile
from collections.abc import Mapping
from datetime import datetime

from celery import beat
from celery.utils.imports import load_extension_class_names, symbol_by_name

from .django import read_django
from .report import RAISED, describe, path_of, text_of
from .rows import Row, read_settings

CLEANUP = 'celery.backend_cleanup'


def is_installed(app, name):
    """Whether Celery's beat adds the entry, which is in no setting."""
    return name == CLEANUP and name not in app.conf.beat_schedule


DJANGO = 'django_celery_beat.schedulers.DatabaseScheduler'
REDBEAT = 'redbeat.schedulers.RedBeatScheduler'


def scheduler_class(app, name=None, base=None):
    """The class of `celery beat -S NAME`, or that of the settings; `base` if it is not one of that class."""
    aliases = dict(load_extension_class_names('celery.beat_schedulers'))
    cls = symbol_by_name(name or app.conf.beat_scheduler, aliases)
    return cls if base is None or base in _bases(cls) else symbol_by_name(base)


def _bases(cls):
    return {path_of(base) for base in cls.__mro__}


def read_rows(app, cls, report):
    """Returns name → `Row`, in the order of the schedule."""
    bases = _bases(cls)
    if DJANGO in bases:
        return read_django(app, cls, report)
    if REDBEAT in bases:
        return _read_redbeat(app, cls, report)
    schedule = _read_schedule(app, cls, report)
    # Celery's scheduler reads the settings in the order of a set.
    names = [name for name in app.conf.beat_schedule if name in schedule]
    return {name: Row(schedule[name]) for name in names + sorted(set(schedule) - set(names), key=text_of)}


def _read_schedule(app, cls, report):
    if cls is beat.PersistentScheduler:
        # Its own file is not opened: it may be that of a running beat.
        return read_settings(app, app.conf.beat_schedule, report)
    with tempfile.TemporaryDirectory() as folder:
        scheduler = cls(app, schedule_filename=os.path.join(folder, 'schedule'))
        rows = dict(scheduler.schedule)
        store = getattr(scheduler, '_store', None)
        if store is not None:
            # Its end would write into the folder, which is gone by then.
            store.close()
        return rows


def _read_redbeat(app, cls, report):
    from redbeat.schedulers import ensure_conf, get_redis
    conf = ensure_conf(app)
    rows = {}
    client = get_redis(app)
    removed = client.smembers(conf.statics_key) - set(app.conf.beat_schedule)
    for key in client.zrange(conf.schedule_key, 0, -1):
        try:
            entry = cls.Entry.from_key(key, app=app)
            if entry.name in removed:
                report.missing('beat_schedule has it no more, so the next start of celery beat removes its key',
                               'add it to beat_schedule if it should run', entry.name)
                continue
            rows[entry.name] = Row(entry, enabled=entry.enabled, last_run_at=_last_of_redbeat(entry))
        except RAISED as error:
            report.missing('RedBeat cannot read it: {}'.format(describe(error)), 'correct it, or remove the key', text_of(key))
    # A start of beat writes the entries of the settings over those in Redis.
    maps = {name: fields for name, fields in app.conf.beat_schedule.items() if isinstance(fields, Mapping)}
    enabled = {name: fields.get('enabled', True) for name, fields in maps.items()}
    settings = dict(app.conf.beat_schedule)
    for name, fields in maps.items():
        settings[name] = {key: value for key, value in fields.items() if key != 'enabled'}
    for name, entry in read_settings(app, settings, report).items():
        last = rows[name].last_run_at if name in rows else None
        rows[name] = Row(entry, enabled=enabled.get(name, True), last_run_at=last)
    for name, row in rows.items():
        if row.enabled and row.last_run_at is None and not is_installed(app, name):
            report.note('it has never run, so RedBeat would run it at once', 'beat counts from its first start', name)
    return rows


def _last_of_redbeat(entry):
    last = entry.last_run_at
    return last if isinstance(last, datetime) and last.year > 1 else None
