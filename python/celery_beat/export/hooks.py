"""What an app has hung into its beat process, which runs there no longer."""
import inspect

from celery import Celery, beat, signals
from celery.app.amqp import AMQP
from celery.app.task import Task
from celery.utils.dispatch.signal import _make_id
from kombu import Producer

from .canvas import CANVAS, published_tasks, signature_of
from .report import RAISED, path_of

#: Modules whose hooks are for the scheduler itself.
SCHEDULERS = ('celery.', 'redbeat.', 'django_celery_beat.')

IN_LOCK = 'take the lock in the task itself, or set options.expires to "next" so that runs do not pile up'

#: What to do without a hook, by the beginning of its import path.
INSTEAD = {
    'celery_once.': IN_LOCK,
    'celery_singleton.': IN_LOCK,
    'sentry_sdk.': 'traces begin in the worker; check in cron monitors there, with sentry_sdk.monitor on the task',
    'opentelemetry.': 'traces begin in the worker, where CeleryInstrumentor works as before',
    'ddtrace.': 'traces begin in the worker',
    'newrelic.': 'traces begin in the worker',
    'elasticapm.': 'traces begin in the worker',
    'django_structlog.': 'bind the context in the worker: the headers beat_due_at and periodic_task_name name the run',
}

SCHEDULER_METHODS = (
    'apply_async', 'apply_entry', 'send_task', 'is_due', 'reserve', 'tick', 'adjust', 'populate_heap', 'should_sync')
ENTRY_METHODS = ('is_due', '__next__', '_next_instance', 'next')


def report_hooks(app, cls, rows, report):
    """Reports each hook with the entries that it affects; `rows` are those of the app itself."""
    tasks = {}
    for name, row in rows.items():
        if row.enabled:
            try:
                tasks[name] = _published(row.entry)
            except RAISED:
                continue  # the export of the entry fails too, and says why
    _report_signals(tasks, report)
    for name, names in tasks.items():
        for path, method in (hook for task in names for hook in overrides(app.tasks.get(task))):
            report.different('{}.{} of its task ran when it was sent'.format(path, method), _instead(path, IN_TASK), name)
    _report_patches(list(tasks), report)
    _report_app(app, list(tasks), report)
    _report_scheduler(cls, rows, report)


def _published(entry):
    if not isinstance(entry.task, str):
        raise TypeError(path_of(entry.task))
    # The arguments of others are not read, because an iterator may have no end.
    return published_tasks(signature_of(entry)) if entry.task in CANVAS else [entry.task]


def _report_signals(tasks, report):
    for signal, effect, instead in (
        (signals.before_task_publish, 'could change the message before it was sent',
         'write the headers that it adds into options.headers, or do the same in the worker (task_prerun)'),
        (signals.after_task_publish, 'ran after each message was sent', AFTER),
        (signals.task_sent, 'ran after each message was sent', AFTER),
    ):
        for name, task in ((name, task) for name, names in tasks.items() for task in names):
            for receiver in signal._live_receivers(_make_id(task)):
                what = '{} (a receiver of {}) {}'.format(path_of(receiver), signal.name, effect)
                report.different(what, _instead(path_of(receiver), instead), name)
    for signal in (signals.beat_init, signals.beat_embedded_init):
        for receiver in signal._live_receivers(_make_id(None)):
            path = path_of(receiver)
            if not path.startswith(SCHEDULERS):
                report.different(
                    '{} (a receiver of {}) ran at the start of Celery\'s beat'.format(path, signal.name),
                    _instead(path, 'run it before beat starts, or in the worker (worker_init)'))


AFTER = 'do the same in the worker (task_prerun), or use the log, the metrics or the task-sent events of beat'
IN_TASK = 'do the same in the task itself, or in the worker (task_prerun)'


def overrides(task):
    """The methods of a task that run when it is sent and are not Celery's own: pairs of a class's path and a method."""
    if not isinstance(task, Task):
        return []
    owners = [
        (next(base for base in type(task).__mro__ if method in base.__dict__), method)
        for method in ('apply_async', '_get_exec_options')
    ]
    return [(path_of(owner), method) for owner, method in owners if owner is not Task or method in task.__dict__]


def _report_patches(entries, report):
    patched = {}
    for owner, method in (
        (Task, 'apply_async'), (Celery, 'send_task'), (beat.Scheduler, 'apply_entry'),
        (beat.Scheduler, 'apply_async'), (Producer, 'publish'),
    ):
        function = inspect.getattr_static(owner, method)
        if inspect.isfunction(function) and _home(function) == owner.__module__:
            continue
        wrapper = getattr(function, '_self_wrapper', function)
        by = _home(wrapper) if inspect.isfunction(wrapper) else path_of(wrapper)
        patched.setdefault(by.split('.')[0], []).append('{}.{}'.format(owner.__name__, method))
    for package, methods in patched.items():
        for entry in entries:
            report.different(
                '{} has replaced {}, by which tasks are sent'.format(package, ', '.join(methods)),
                _instead(package + '.', 'keep it in the workers: what it records begins there'), entry)


def _home(function):
    return function.__globals__.get('__name__', '?')


def _report_app(app, entries, report):
    for cls, stock in ((type(app), Celery), (type(app.amqp), AMQP)):
        for method in ('send_task', 'send_task_message', 'as_task_v2', 'create_task_message'):
            owner = next((base for base in cls.__mro__ if method in base.__dict__), stock)
            if owner is not stock:
                for entry in entries:
                    what = '{}.{} ran when the task was sent'.format(path_of(owner), method)
                    report.different(what, _instead(path_of(owner), IN_TASK), entry)


def _report_scheduler(cls, rows, report):
    for method in SCHEDULER_METHODS:
        owner = _owner(cls, method)
        if owner is not None:
            report.different('{}.{} of the scheduler decided when or how entries were sent'.format(path_of(owner), method),
                             'beat is the scheduler; write the difference into the entries')
    for name, row in rows.items():
        for method in ENTRY_METHODS:
            owner = _owner(type(row.entry), method)
            if owner is not None:
                report.different('{}.{} decided when it was due'.format(path_of(owner), method),
                                 'write the schedule so that it says the same', name)


def _owner(cls, method):
    """The class that has the method, unless it is one of a known scheduler."""
    owner = next((base for base in cls.__mro__ if method in base.__dict__), None)
    return None if owner is None or owner.__module__.startswith(SCHEDULERS) else owner


def _instead(path, otherwise):
    return next((text for prefix, text in INSTEAD.items() if path.startswith(prefix)), otherwise)
