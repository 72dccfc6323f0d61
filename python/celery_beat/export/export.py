"""The export of a whole app."""
import celery

from . import messages
from .clock import real_time
from .entries import is_installed, read_rows, scheduler_class
from .exporter import Exporter
from .hooks import report_hooks
from .queues import export_queue
from .report import RAISED, Report, describe, path_of, show, text_of
from .routes import are_data
from .settings import export_settings

SETTINGS_ONLY = '-S celery.beat:Scheduler imports the entries of the settings without it'


def export_app(app, scheduler=None, last_runs=None, compared=None, base=None, stage=lambda **_next: None):
    """Everything that the app's beat would work with, as plain data.

    `scheduler` is that of `celery beat -S`; `base`, an import path, replaces one that is not a subclass of it.
    `last_runs` is a map of entries and datetimes, or `True` for those that the scheduler itself knows. `compared` is
    a datetime and the number of instants after it that each entry gets. `stage` is called with what comes next, as it
    may not return. Raises what the app or its scheduler raises.
    """
    report = Report()
    stage(waits_for='the configuration of the app')
    app.loader.init_worker()
    app.finalize()
    cls = scheduler_class(app, scheduler, base)
    settings = export_settings(app, report)
    stage(waits_for='the scheduler {}'.format(path_of(cls)), instead=None if cls.__module__ == 'celery.beat' else SETTINGS_ONLY)
    # A scheduler may write to its store, though it should not.
    with real_time():
        rows = _named(read_rows(app, cls, report), report)
    own = {name: row for name, row in rows.items() if not is_installed(app, name)}
    try:
        report_hooks(app, cls, own, report)
    except RAISED as error:
        report.different('what the project runs when tasks are sent cannot be read: {}'.format(describe(error)),
                         'look for receivers of before_task_publish and overridden methods of tasks')
    if not are_data(app.conf.task_routes):
        report.note(
            'task_routes has functions, regular expressions or objects: the entries have their answers as options',
            'give entries that you add later a queue of their own, or write the routes in TypeScript')
    exporter = Exporter(app, report)
    with messages.stock_publishing(app):
        entries = []
        for name, row in rows.items():
            stage(waits_for='the entry {}'.format(name))
            entries.append(exporter.export(name, row, last_runs, compared))
    _add_queues(settings, exporter.queues.values(), app)
    return {
        'celery': celery.__version__,
        'scheduler': path_of(cls),
        'settings': settings,
        'entries': [entry for entry in entries if entry is not None],
        'problems': report.as_list(),
    }


def _add_queues(settings, queues, app):
    """Adds the queues that options name as objects, and the default queue if it has been the only one."""
    if not queues:
        return
    given = settings.get('task_queues')
    if isinstance(given, dict):
        for queue in queues:
            given[queue['name']] = {key: value for key, value in queue.items() if key != 'name'}
        return
    rows = given or [export_queue(app.amqp.queues[app.conf.task_default_queue])]
    settings['task_queues'] = rows + list(queues)


def _named(rows, report):
    """The rows by names of text; a project may use any object as a name."""
    named = {}
    for name, row in rows.items():
        text = text_of(name)
        if text in named:
            report.missing('another entry has the same text as its name, {}'.format(show(name)), 'give it a text as its name', text)
            continue
        if not isinstance(name, str):
            report.note('its name is {}, which is not a text'.format(show(name)), 'beat uses its text', text)
        named[text] = row
    return named
