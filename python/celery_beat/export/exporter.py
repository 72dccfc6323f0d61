"""Entries as data that beat reads."""
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from celery.app.task import Task
from celery.beat import BeatLazyFunc
from celery.canvas import maybe_signature

from . import messages
from .canvas import CANVAS, export_signature, published_tasks, signature_of
from .entries import is_installed
from .hooks import overrides
from .nowfun import Unknown
from .options import export_options, merge_declared
from .queues import export_queue
from .report import RAISED, describe, show
from .routes import are_data, ask_routes
from .schedules import export_schedule, is_calendar, upcoming
from .values import NotPlain, as_argument, aware, instant, require_json


class Exporter:
    """Exports one entry after the other."""

    def __init__(self, app, report):
        self.app = app
        self.report = report
        self.queues = {}
        self._ask = not are_data(app.conf.task_routes)

    def export(self, name, row, last_runs=None, compared=None):
        """Returns the entry as data, or `None` after the report has the reason."""
        try:
            exported = {'name': name, 'installed': is_installed(self.app, name), 'entry': self._entry(name, row)}
            exported['messages'] = self._comparable(name, exported['entry'].pop('messages'))
            if row.model is not None:
                exported['row'] = {key: _as_instant(value) for key, value in row.model.items()}
            require_json(exported)
        except Unknown as error:
            return self.report.missing(error.what, error.instead, name)
        except NotPlain as error:
            return self.report.missing('it has a value that JSON cannot carry: {}'.format(error),
                                    'pass plain data, and let the task make the object of it', name)
        except Rejected as error:
            return self.report.missing(*error.args, entry=name)
        except RAISED as error:
            return self.report.missing('it cannot be read: {}'.format(describe(error)), 'correct it in the project', name)
        self._add_last_run(exported, row.last_run_at if last_runs is True else (last_runs or {}).get(name))
        self._add_upcoming(exported, row, compared)
        return exported

    def _comparable(self, name, recorded):
        """The messages, unless headers of them have no form in JSON."""
        try:
            require_json(recorded)
        except NotPlain as error:
            self.report.different('its message has a value that JSON cannot carry, so it is not compared: {}'.format(error),
                                  'pass plain data', name)
            return []
        return recorded

    def _add_last_run(self, exported, last):
        if last is None:
            return
        try:
            exported['last_run_at'] = instant(last)
        except RAISED:
            self.report.different('its last run is {}, which is not a date'.format(show(last)), 'beat counts from its own start',
                                  exported['name'])

    def _add_upcoming(self, exported, row, compared):
        if compared is None or not is_calendar(row.entry.schedule):
            return
        after, count = compared
        try:
            start = row.model and row.model['start_time']
            if start is not None:
                after = max(after, aware(start) - timedelta(seconds=1))
            exported['upcoming'] = upcoming(row.entry.schedule, after, count)
        except RAISED as error:
            self.report.different('Celery\'s beat fails to compute when it is due: {}'.format(describe(error)),
                                  'see beat next for the times of beat', exported['name'])

    def _entry(self, name, row):
        entry = row.entry
        self._check(row)
        exported = export_schedule(entry.schedule, self.app, partial(self.report.note, entry=name))
        if row.description:
            exported['description'] = str(row.description)
        if not row.enabled:
            exported['enabled'] = False
        task = self.app.tasks.get(entry.task)
        if entry.task in CANVAS or not (task is None or isinstance(task, Task)):
            exported.update(self._canvas(name, entry, task))
        else:
            exported.update(self._task(name, entry))
        return exported

    def _check(self, row):
        if isinstance(row.entry.args, Iterator):
            raise Rejected('its arguments are {}, which is at its end after the first run'.format(show(row.entry.args)),
                           'write a list')
        values = list(row.entry.args or ()) + list((row.entry.kwargs or {}).values())
        if any(isinstance(value, BeatLazyFunc) for value in values):
            raise Rejected(
                'an argument is a BeatLazyFunc, which Celery\'s beat calls for each run',
                'write a date as a template such as {{dueAt | yyyy-MM-dd}}, anything else with lazy() in TypeScript')

    def _task(self, name, entry):
        args = list(entry.args or ())
        kwargs = dict(entry.kwargs or {})
        given = dict(entry.options)
        merged = self._merge(entry.task, args, kwargs, given)
        serializer = merged.get('serializer') or self.app.conf.task_serializer
        exported = {'task': entry.task}
        if args:
            exported['args'] = as_argument(args, serializer)
        if kwargs:
            exported['kwargs'] = as_argument(kwargs, serializer)
        message = self._record(name, entry)
        if message is not None:
            self._add_what_celery_adds(merged, message)
        options = export_options(self.app, merged, given)
        if not options.get('headers', True):
            del options['headers']
        if options:
            exported['options'] = options
        exported['messages'] = [message] if message else []
        return exported

    def _merge(self, task, args, kwargs, given):
        """The options with those of the task and, where the file cannot contain the routes, of its route."""
        merged = merge_declared(self.app, task, given)
        if self._ask:
            try:
                merged.update(ask_routes(self.app, task, args, kwargs, merged))
            except RAISED as error:
                raise Rejected('the router fails for it: {}'.format(describe(error)), 'give it a queue') from error
        queue = merged.get('queue')
        if hasattr(queue, 'name') and queue.name not in self.app.amqp.queues:
            row = export_queue(queue)
            require_json(row)
            self.queues[queue.name] = row
        return merged

    def _record(self, name, entry):
        try:
            return messages.record_message(self.app, entry)
        except RAISED as error:
            self.report.different('Celery\'s beat fails to send it: {}'.format(describe(error)),
                             'see whether the worker accepts the call; beat sends it', name)
            return None

    def _add_what_celery_adds(self, merged, message):
        """Adds to the options what is in the message because beat has imported the task, or has not."""
        headers, conf = message['headers'], self.app.conf
        if headers.get('shadow'):
            merged.setdefault('shadow', headers['shadow'])
        ignored = headers.get('ignore_result')
        if ignored is not None and bool(ignored) != bool(conf.task_ignore_result):
            merged.setdefault('ignore_result', bool(ignored))
        for key, index in (('time_limit', 0), ('soft_time_limit', 1)):
            limit = (headers.get('timelimit') or [None, None])[index]
            if limit is None:
                merged.pop(key, None)
        if 'exchange' in merged and any(queue.exchange.delivery_mode for queue in self.app.amqp.queues.values()):
            merged.setdefault('delivery_mode', message['properties']['delivery_mode'])
        if conf.task_default_priority and not message['priority'] and are_data(conf.task_routes):
            merged.setdefault('priority', 0)

    def _canvas(self, name, entry, task):
        options = dict(entry.options)
        if task is None or isinstance(task, Task):
            signature = signature_of(entry)
            self.report.note('it is a {}, which Celery\'s beat sends as one task that no worker runs'.format(entry.task),
                             'beat sends its tasks', name)
            call = {}
        else:
            signature = task
            call = {'args': as_argument(list(entry.args or ())), 'kwargs': as_argument(dict(entry.kwargs or {}))}

        def options_of(called, args, kwargs, given):
            merged = self._merge(called, args, kwargs, given)
            declared = self.app.tasks.get(called)
            if declared is not None and declared.ignore_result != bool(self.app.conf.task_ignore_result):
                merged.setdefault('ignore_result', declared.ignore_result)
            return export_options(self.app, merged, given)

        exported = {
            'task': export_signature(signature, options_of),
            'messages': self._record_canvas(name, entry, signature),
        }
        exported.update({key: value for key, value in call.items() if value})
        if options:
            exported['options'] = export_options(self.app, options, options)
        return exported

    def _record_canvas(self, name, entry, signature):
        if any(overrides(self.app.tasks.get(task)) for task in published_tasks(signature)):
            return []  # which are listed as hooks, and may have effects
        given = ((), {}) if entry.task in CANVAS else (entry.args, entry.kwargs)
        try:
            canvas = maybe_signature(signature, app=self.app, clone=True)
            return messages.record_canvas(self.app, canvas, *given, options=dict(entry.options))
        except RAISED as error:
            self.report.different('Celery fails to send it: {}'.format(describe(error)),
                                  'see whether the worker accepts the call; beat sends it', name)
            return []


def _as_instant(value):
    return instant(value) if isinstance(value, datetime) else value


class Rejected(Exception):
    """An entry that is not exported: what it is, and what to do instead."""
