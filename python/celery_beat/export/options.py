"""The options of an entry, with those that its task declares in Python."""
from datetime import datetime, timedelta
from collections.abc import Mapping

from celery.app.task import Task
from kombu import Exchange, Queue

from .canvas import export_signature
from .values import as_argument, instant, seconds

#: Options of a task that are settings of the app unless the task has its own.
FROM_SETTINGS = {
    'serializer': 'task_serializer',
    'compression': 'task_compression',
    'priority': 'task_default_priority',
}


def merge_declared(app, name, options):
    """The options of a call with those of its task, as `Task.apply_async` merges them."""
    task = app.tasks.get(name)
    if not isinstance(task, Task):
        return dict(options)
    declared = Task._get_exec_options(task)
    return dict({key: value for key, value in declared.items() if value is not None}, **options)


def export_options(app, merged, given):
    """Options as data. Raises `NotPlain`."""
    exported = {}
    for key, value in merged.items():
        setting = FROM_SETTINGS.get(key)
        default = setting and key not in given and value == app.conf.get(setting)
        if value is not None and not default:
            exported[key] = _export(key, value)
    return exported


def _export(key, value):
    if isinstance(value, (Queue, Exchange)):
        return value.name
    if key in ('link', 'link_error'):
        signatures = [value] if isinstance(value, Mapping) else value
        return [export_signature(signature) for signature in signatures]
    if isinstance(value, timedelta):
        return seconds(value)
    if key in ('expires', 'eta') and isinstance(value, datetime):
        return instant(value)
    return as_argument(value)
