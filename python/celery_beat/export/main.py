"""The program that `beat import celery` runs with an app, the file descriptor of the result, and options as JSON."""
import json
import os
import sys
import traceback
from contextlib import nullcontext
from datetime import datetime

from .clock import clock_ahead
from .report import RAISED, describe, path_of


class Failure(Exception):
    """An error with a text for users."""


def main():
    module, descriptor, given = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
    # Processes that the project starts must not inherit the result, and what it prints must not be in it.
    os.set_inheritable(descriptor, False)
    os.dup2(2, 1)
    out = os.fdopen(descriptor, 'w', encoding='utf-8')

    def write(line):
        json.dump(line, out, allow_nan=False)
        out.write('\n')
        out.flush()

    # Apps ask whether they run in a beat.
    sys.argv[:] = ['celery', '-A', module, 'beat']
    try:
        result = {'exported': run(module, lambda **stage: write({'stage': stage}), **given)}
    except Failure as error:
        result = {'error': str(error)}
    except BaseException as error:
        result = {'error': 'the export failed: {}{}'.format(describe(error), _place(error))}
    sys.stdout.flush()
    sys.stderr.flush()
    write(result)
    # Neither threads nor exit handlers of the project may delay the end.
    os._exit(0)


def run(module, stage, scheduler=None, last_runs=None, compared=None, base=None, ahead=None):
    """Returns the export of the app that `celery -A MODULE` finds.

    `stage(waits_for=…, instead=…)` is called with what comes next. `ahead` is a number of seconds by which the clock of
    the project is ahead.
    """
    with clock_ahead(ahead) if ahead else nullcontext():
        return _run(module, stage, scheduler, last_runs, compared, base)


def _run(module, stage, scheduler, last_runs, compared, base):
    _require_celery()
    from .clients import describe_missing_client
    from .export import export_app
    from .last_runs import Unreadable, read_last_runs
    from .publishing import Publishing
    # The project may have a module of this name.
    sys.modules.pop('celery_beat', None)
    publishing = Publishing()
    publishing.start()
    stage(waits_for='the import of {}'.format(module))
    app = _find_app(module)
    missing = describe_missing_client(app)
    if missing is not None:
        raise Failure('-A {}: {}'.format(module, missing))
    if isinstance(last_runs, str):
        app.loader.init_worker()
        try:
            last_runs = read_last_runs(last_runs, app)
        except Unreadable as error:
            raise Failure('--last-runs: {}'.format(error)) from error
    try:
        exported = export_app(app, scheduler, last_runs, compared and _range(**compared), base, stage)
    except RAISED as error:
        name = scheduler or base or app.conf.beat_scheduler
        raise Failure('the app {} (scheduler {}) cannot be read: {}{}'.format(
            module, name, describe(error), _place(error))) from error
    exported['problems'] += publishing.problems()
    return exported


def _range(after, count):
    return datetime.strptime(after, '%Y-%m-%dT%H:%M:%S.%f%z'), count


def _require_celery():
    try:
        import celery
    except ImportError as error:
        raise Failure('{} has no Celery ({}); name the Python of the project: --python .venv/bin/python'.format(
            sys.executable, error)) from error
    if int(celery.__version__.split('.')[0]) < 5:
        raise Failure('Celery {} of {} is too old: 5.0 or newer is needed'.format(celery.__version__, sys.executable))


def _find_app(module):
    from celery import Celery
    from celery.app.utils import find_app
    try:
        app = find_app(module)
    except RAISED as error:
        if ':' in module and getattr(error, 'name', None) == module:
            raise Failure('-A {}: {} has no {}'.format(module, *module.split(':', 1))) from error
        raise Failure('-A {}: cannot be imported: {}{}'.format(module, describe(error), _place(error))) from error
    app = getattr(app, '_get_current_object', lambda: app)()
    if not isinstance(app, Celery):
        raise Failure('-A {}: expected a Celery app, got {}'.format(module, path_of(app)))
    return app


def _place(error):
    """The last line of the project's own code, where the error came from."""
    here = os.getcwd() + os.sep
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(here)]
    frames = [frame for frame in frames if 'site-packages' not in frame.filename and '/celery_beat/export/' not in frame.filename]
    return ' ({}:{})'.format(os.path.relpath(frames[-1].filename), frames[-1].lineno) if frames else ''
