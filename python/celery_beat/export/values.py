"""Values of Python as JSON that beat reads."""
import base64
import json
import math
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import wraps
from uuid import UUID

from kombu.utils.json import dumps

from .report import RAISED, describe, show

#: Levels of lists and maps. beat reads 500 in a configuration, where an argument is below several others.
DEEPEST = 450


class NotPlain(Exception):
    """A value that has no form in JSON; its text says which."""


def _plain(convert):
    """Has a conversion raise `NotPlain` for all that the code of a value raises."""
    @wraps(convert)
    def converted(*args):
        try:
            return convert(*args)
        except NotPlain:
            raise
        except RAISED as error:
            raise NotPlain(_why(error)) from error
    return converted


@_plain
def as_argument(value, serializer='json'):
    """An argument of a task, as the serializer of its message writes it."""
    if serializer != 'json':
        return typed(value)
    # What kombu writes depends on its version: before 5.3 it has no types.
    return finite(json.loads(dumps(value)))


@_plain
def typed(value):
    """A value as kombu's JSON writes it from 5.3 on, sets and ranges as lists."""
    return finite(_typed(value))


@_plain
def require_json(value):
    """Raises `NotPlain` for a value that the export cannot contain."""
    json.dumps(finite(value), allow_nan=False)


def _why(error):
    if isinstance(error, RecursionError):
        return 'it contains itself, or is nested too deep'
    return str(error) if type(error) in (TypeError, ValueError) else describe(error)


def _typed(value):
    if isinstance(value, bool) or value is None or isinstance(value, str):
        # `str()` of a member of an enumeration is its name.
        return str.__str__(value) if isinstance(value, str) else value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise NotPlain('a map with keys that are not text: {}'.format(show(value)))
        return {str.__str__(key): _typed(each) for key, each in value.items()}
    if isinstance(value, (set, frozenset)):
        return [_typed(each) for each in sorted(value, key=repr)]
    if isinstance(value, (list, tuple, range)):
        return [_typed(each) for each in value]
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


def finite(value, level=0):
    """The same value; JSON has no NaN and no infinity, UTF-8 no halves of a pair, and beat a limit of levels."""
    if level > DEEPEST:
        raise NotPlain('it is nested deeper than {} levels'.format(DEEPEST))
    if isinstance(value, float) and not math.isfinite(value):
        raise NotPlain('{!r} is not a JSON number'.format(float(value)))
    if isinstance(value, str):
        value.encode('utf-8')
    if isinstance(value, dict):
        for key, each in value.items():
            finite(key, level + 1)
            finite(each, level + 1)
    elif isinstance(value, list):
        for each in value:
            finite(each, level + 1)
    return value


def seconds(delta):
    """A timedelta as a number, whole if it can be."""
    total = delta.total_seconds()
    return int(total) if total == int(total) else total


def instant(value):
    """A datetime as ISO 8601 with an offset."""
    return aware(value).isoformat()


def aware(value):
    """A datetime with a zone; without one it is UTC, as workers read it."""
    return value if value.tzinfo is not None else value.replace(tzinfo=timezone.utc)
