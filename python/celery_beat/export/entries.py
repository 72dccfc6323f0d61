"""The entries of the scheduler that the app has configured, through its own API and without a trace in its store."""
import os
import tempfile
from datetime import datetime

from celery import beat
from celery.utils.imports import load_extension_class_names, symbol_by_name

from .report import path_of

CLEANUP = 'celery.backend_cleanup'


class Row:
    """An entry of the scheduler with what only some schedulers have."""

    def __init__(self, entry, enabled=True, one_off=False, start_time=None, description=None, last_run_at=None):
        self.entry = entry
        self.enabled = enabled
        self.one_off = one_off
        self.start_time = start_time
        self.description = description
        self.last_run_at = last_run_at


def scheduler_class(app, name=None):
    """The class of `celery beat -S NAME`, or that of the settings."""
    aliases = dict(load_extension_class_names('celery.beat_schedulers'))
    return symbol_by_name(name or app.conf.beat_scheduler, aliases)


def read_rows(app, cls):
    """Returns name → `Row`, in the order of the schedule."""
    bases = {path_of(base) for base in cls.__mro__}
    if 'django_celery_beat.schedulers.DatabaseScheduler' in bases:
        return _read_django(app, cls)
    if 'redbeat.schedulers.RedBeatScheduler' in bases:
        return _read_redbeat(app, cls)
    schedule = _read_schedule(app, cls)
    # Celery's scheduler reads the settings in the order of a set.
    names = [name for name in app.conf.beat_schedule if name in schedule]
    return {name: Row(schedule[name]) for name in names + sorted(set(schedule) - set(names))}


def _read_schedule(app, cls):
    if cls is beat.PersistentScheduler:
        # Its own file is not opened: it may be that of a running beat.
        return _read_settings(app)
    with tempfile.TemporaryDirectory() as folder:
        scheduler = cls(app, schedule_filename=os.path.join(folder, 'schedule'))
        return dict(scheduler.schedule)


def _read_settings(app):
    """What `PersistentScheduler` makes of the settings, without its file."""
    scheduler = beat.Scheduler(app, lazy=True)
    scheduler.merge_inplace(app.conf.beat_schedule)
    scheduler.install_default_entries(scheduler.schedule)
    return dict(scheduler.schedule)


def _read_django(app, cls):
    # Not set up, because that writes into the tables.
    scheduler = cls(app, lazy=True)
    rows = {model.name: _django_row(app, scheduler, model) for model in scheduler.Model.objects.all().order_by('name')}
    # A start of beat writes entries of the settings into the table, unless they are there.
    for name, entry in _read_settings(app).items():
        rows.setdefault(name, Row(entry))
    return rows


def _django_row(app, scheduler, model):
    # An entry changes its model: without a last run, it gets one.
    last_run_at = model.last_run_at
    entry = scheduler.Entry(model, app=app)
    if entry.options.get('headers', {}).get('periodic_task_name') == model.name:
        # beat sets this header too.
        del entry.options['headers']['periodic_task_name']
    return Row(
        entry,
        enabled=model.enabled,
        one_off=model.one_off and model.clocked_id is None,
        start_time=model.start_time,
        description=model.description or None,
        last_run_at=last_run_at,
    )


def _read_redbeat(app, cls):
    from redbeat.schedulers import ensure_conf, get_redis
    conf = ensure_conf(app)
    rows = {}
    for key in get_redis(app).zrange(conf.schedule_key, 0, -1):
        entry = cls.Entry.from_key(key, app=app)
        rows[entry.name] = Row(entry, enabled=entry.enabled, last_run_at=_last_of_redbeat(entry))
    # A start of beat writes the entries of the settings over those in Redis.
    for name, entry in _read_settings(app).items():
        last = rows[name].last_run_at if name in rows else None
        rows[name] = Row(entry, last_run_at=last)
    return rows


def _last_of_redbeat(entry):
    last = entry.last_run_at
    return last if isinstance(last, datetime) and last.year > 1 else None
