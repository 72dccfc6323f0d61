"""Queues and exchanges of kombu as data."""
from collections.abc import Mapping

from kombu import Exchange, Queue
from kombu.common import Broadcast

from .report import path_of
from .values import NotPlain, typed

QUEUE = {
    'durable': True, 'exclusive': False, 'auto_delete': False, 'queue_arguments': None, 'binding_arguments': None,
    'expires': None, 'message_ttl': None, 'max_length': None, 'max_length_bytes': None, 'max_priority': None,
    'no_declare': None,
}
EXCHANGE = {
    'type': 'direct', 'durable': True, 'auto_delete': False, 'delivery_mode': None, 'arguments': None,
    'no_declare': False,
}


def export_queues(queues, report):
    """`task_queues` as a map or a list; `None` if the app has none."""
    if not queues:
        return None
    if isinstance(queues, Mapping):
        named = {}
        for name, options in queues.items():
            try:
                named[name] = _options(options)
            except NotPlain as error:
                report.missing('the queue {} of task_queues cannot be written: {}'.format(name, error), 'write it by hand')
        return named
    rows = []
    for queue in queues:
        if isinstance(queue, Queue):
            try:
                rows.append(export_queue(queue))
            except NotPlain as error:
                report.missing('the queue {} of task_queues cannot be written: {}'.format(queue.name, error),
                               'write it by hand')
        elif isinstance(queue, str):
            rows.append(queue)
        else:
            report.missing('a queue in task_queues is {}'.format(path_of(queue)), 'write it as data')
    return rows


def _options(options):
    if isinstance(options, Queue):
        return {key: value for key, value in export_queue(options).items() if key != 'name'}
    return {
        key: export_exchange(value) if isinstance(value, Exchange) else typed(value)
        for key, value in (options or {}).items()
        if value is not None
    }


def export_queue(queue):
    """A queue as a row of a list."""
    if isinstance(queue, Broadcast):
        return _broadcast(queue)
    row = {'name': queue.name}
    if queue.alias:
        row['alias'] = queue.alias
    if queue.bindings:
        row['bindings'] = sorted(map(_binding, queue.bindings), key=str)
    elif queue.exchange is not None and queue.exchange.name:
        row['exchange'] = export_exchange(queue.exchange)
    if queue.routing_key:
        row['routing_key'] = queue.routing_key
    row.update(_other_than(QUEUE, queue))
    return row


def _broadcast(queue):
    # kombu gives each worker a queue of its own; the name is in the alias.
    name = queue.alias or queue.name
    row = {'name': name, 'broadcast': True}
    if queue.exchange.name != name:
        row['exchange'] = export_exchange(queue.exchange)
    if queue.routing_key:
        row['routing_key'] = queue.routing_key
    return row


def _binding(binding):
    exported = {'exchange': export_exchange(binding.exchange), 'routing_key': binding.routing_key or ''}
    return dict(exported, arguments=typed(binding.arguments)) if binding.arguments else exported


def export_exchange(exchange):
    """An exchange as a map."""
    return dict({'name': exchange.name}, **_other_than(EXCHANGE, exchange))


def _other_than(defaults, thing):
    return {
        key: typed(getattr(thing, key))
        for key, default in defaults.items()
        if getattr(thing, key, None) not in (default, None, {}, ())
    }
