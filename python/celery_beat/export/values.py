"""Values of Python as JSON that beat reads."""
import base64
import json
import math
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from uuid import UUID

from kombu.utils.json import dumps


class NotPlain(Exception):
    """A value that has no form in JSON; its text says which."""


def as_argument(value, serializer='json'):
    """An argument of a task, as the serializer of its message writes it."""
    if serializer != 'json':
        return typed(value)
    try:
        # What kombu writes depends on its version: before 5.3 it has no types.
        return finite(json.loads(dumps(value)))
    except (TypeError, ValueError) as error:
        raise NotPlain(str(error)) from error


def typed(value):
    """A value as kombu's JSON writes it from 5.3 on, sets and ranges as lists."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        # `str()` of a member of an enumeration is its name.
        return str.__str__(value) if isinstance(value, str) else value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return finite(float(value))
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise NotPlain('a map with keys that are not text: {!r}'.format(value))
        return {str(key): typed(each) for key, each in value.items()}
    if isinstance(value, (set, frozenset)):
        return [typed(each) for each in sorted(value, key=repr)]
    if isinstance(value, (list, tuple, range)):
        return [typed(each) for each in value]
    for kind, name, text in TYPES:
        if isinstance(value, kind):
            return {'__type__': name, '__value__': text(value)}
    if isinstance(value, bytes):
        return _bytes(value)
    if isinstance(value, timedelta):
        return seconds(value)
    return as_argument(value)


TYPES = [
    (datetime, 'datetime', lambda value: value.isoformat()),
    (date, 'date', lambda value: value.isoformat()),
    (time, 'time', lambda value: value.isoformat()),
    (Decimal, 'decimal', str),
    (UUID, 'uuid', lambda value: {'hex': value.hex}),
]


def _bytes(value):
    try:
        return {'__type__': 'bytes', '__value__': value.decode('utf-8')}
    except UnicodeDecodeError:
        return {'__type__': 'base64', '__value__': base64.b64encode(value).decode('ascii')}


def finite(value):
    """The same value; JSON has no NaN and no infinity."""
    if isinstance(value, float) and not math.isfinite(value):
        raise NotPlain('{!r} is not a JSON number'.format(value))
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        finite(each)
    return value


def seconds(delta):
    """A timedelta as a number, whole if it can be."""
    total = delta.total_seconds()
    return int(total) if total == int(total) else total


def instant(value):
    """A datetime as ISO 8601 with an offset; without a zone it is UTC, as workers read it."""
    aware = value if value.tzinfo is not None else value.replace(tzinfo=timezone.utc)
    return aware.isoformat()
