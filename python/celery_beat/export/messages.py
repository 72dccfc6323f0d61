"""The message that Celery's own code publishes for an entry, recorded without a broker."""
import base64
import inspect
import time
from contextlib import contextmanager, nullcontext
from functools import partial
from types import MethodType, SimpleNamespace

from celery import Celery, signals
from celery.app.task import Task
from celery.beat import Scheduler, SchedulingError
from kombu import Connection, Producer
from kombu.compression import compress

STOCK_APPLY_ASYNC = inspect.unwrap(Task.apply_async)
STOCK_SEND_TASK = inspect.unwrap(Celery.send_task)
STOCK_SCHEDULE = inspect.unwrap(Scheduler.apply_async)

PUBLISH_SIGNALS = (signals.before_task_publish, signals.after_task_publish, signals.task_sent)


class Recorder(Producer):
    """Serializes messages as every producer, and keeps them instead of publishing them."""

    def __init__(self):
        super().__init__(Connection('memory://'), auto_declare=False)
        self.published = []

    def _prepare(self, body, serializer=None, content_type=None, content_encoding=None, compression=None,
                 headers=None):
        # The body stays readable.
        prepared = super()._prepare(body, serializer, content_type, content_encoding, None, headers)
        if compression:
            headers['compression'] = compress(b'', compression)[1]
        return prepared

    def _publish(self, body, priority, content_type, content_encoding, headers, properties,
                 routing_key, mandatory, immediate, exchange, declare, *rest, **named):
        if 'hostname' in headers:
            return  # a task-sent event
        raw = body if isinstance(body, bytes) else body.encode('utf-8')
        self.published.append({
            'at': round(time.time() * 1000),
            'exchange': exchange or '',
            'routing_key': routing_key,
            'priority': priority or 0,
            'content_type': content_type,
            'content_encoding': content_encoding,
            'headers': headers,
            'properties': properties,
            'body': base64.b64encode(raw).decode('ascii'),
        })


@contextmanager
def stock_publishing(app):
    """Publishes as Celery alone does: no receivers of signals, no overridden `send_task`, no task that runs here."""
    receivers = [(signal, list(signal.receivers)) for signal in PUBLISH_SIGNALS]
    eager = app.conf.task_always_eager
    backend = app.backend
    for signal, _ in receivers:
        _connect_only(signal, [])
    app.conf.task_always_eager = False
    # A result backend would subscribe to the result.
    backend.on_task_call = lambda *args, **kwargs: None
    overridden = app.__dict__.get('send_task')
    app.send_task = MethodType(STOCK_SEND_TASK, app)
    try:
        yield
    finally:
        del app.send_task
        if overridden is not None:
            app.send_task = overridden
        del backend.on_task_call
        app.conf.task_always_eager = eager
        for signal, given in receivers:
            _connect_only(signal, given)


def _connect_only(signal, receivers):
    signal.receivers[:] = receivers
    signal.sender_receivers_cache.clear()


class Sender:
    """Stands in for a scheduler: sends an entry as that of this Celery does, with tasks that have no overrides."""

    def __init__(self, app):
        self.app = SimpleNamespace(tasks=self)
        self.send_task = app.send_task
        self._tasks = app.tasks
        self._tasks_since_sync = 0

    def get(self, name):
        task = self._tasks.get(name)
        return task and SimpleNamespace(apply_async=partial(STOCK_APPLY_ASYNC, task))

    def should_sync(self):
        return False


def record_message(app, entry):
    """What `Scheduler.apply_async` of Celery publishes. Raises what it raises."""
    recorder = Recorder()
    options = dict(entry.options)
    if isinstance(options.get('headers'), dict):
        # Celery writes into them.
        options['headers'] = dict(options['headers'])
    given = SimpleNamespace(name=entry.name, task=entry.task, args=entry.args, kwargs=entry.kwargs, options=options)
    try:
        STOCK_SCHEDULE(Sender(app), given, producer=recorder, advance=False)
    except SchedulingError as error:
        raise (error.__cause__ or error.__context__ or error) from None
    return recorder.published[0]


def record_canvas(app, signature, args, kwargs, options):
    """The messages that Celery publishes for a signature, of which a group has several. Raises what Celery raises."""
    recorder = Recorder()
    with _replaced(app, producer_or_acquire=lambda producer=None: nullcontext(recorder)), \
            _replaced(app.backend, **dict.fromkeys(RESULT_METHODS, lambda *args, **kwargs: None)):
        signature.apply_async(args or None, kwargs or None, **options)
    return recorder.published


#: By which a group subscribes to its results, and a chord registers its size.
RESULT_METHODS = ('add_pending_result', 'apply_chord', 'set_chord_size')


@contextmanager
def _replaced(thing, **methods):
    """An object with other methods, none of which it has itself."""
    for name, method in methods.items():
        setattr(thing, name, method)
    try:
        yield
    finally:
        for name in methods:
            delattr(thing, name)
