"""Routes as data, or the answers of those that are functions."""
from collections.abc import Mapping

from celery.app.task import Task
from kombu import Exchange, Queue

from .report import RAISED
from .values import NotPlain, typed

#: What a route may decide; an app's other options of routes have no effect on messages.
KEYS = (
    'queue', 'exchange', 'exchange_type', 'routing_key', 'priority', 'delivery_mode', 'headers', 'serializer',
    'compression',
)


def export_routes(routes):
    """`task_routes` if all of them are data, else `None`."""
    if not routes:
        return None
    several = isinstance(routes, (list, tuple))
    try:
        exported = [_table(route) for route in (routes if several else (routes,))]
    except RAISED:
        return None
    if any(route is None for route in exported):
        return None
    return exported if several else exported[0]


def are_data(routes):
    """Whether the file can contain these routes."""
    return not routes or export_routes(routes) is not None


def _table(route):
    if isinstance(route, Mapping):
        pairs, as_map = list(route.items()), True
    elif isinstance(route, (list, tuple)) and all(isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in route):
        pairs, as_map = route, False
    else:
        return None
    targets = [(key, _target(value)) for key, value in pairs]
    if not all(isinstance(key, str) and value is not None for key, value in targets):
        return None
    return dict(targets) if as_map else [list(pair) for pair in targets]


def _target(value):
    if isinstance(value, str):
        return value
    if not isinstance(value, Mapping) or not all(key in KEYS for key in value):
        return None
    if any(isinstance(each, (Queue, Exchange)) for each in value.values()):
        return None
    try:
        return typed({key: each for key, each in value.items() if each is not None})
    except NotPlain:
        return None


def ask_routes(app, name, args, kwargs, options):
    """What the app's router adds to the options of a call, as beat may write it into them."""
    task = app.tasks.get(name)
    router_name = options.get('route_name') or name
    given = {key: value for key, value in options.items() if value is not None}
    answer = app.amqp.router.route(
        dict(given), router_name, args, kwargs, task if isinstance(task, Task) else None)
    added = {key: answer[key] for key in KEYS if answer.get(key) is not None and given.get(key) is None}
    queue = added.get('queue')
    if queue is not None and getattr(queue, 'name', queue) == app.conf.task_default_queue:
        del added['queue']
    return added
