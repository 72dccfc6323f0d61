"""Another time than the present, for Python code that asks `datetime` or `time`."""
import datetime
import sys
import time
from contextlib import contextmanager
from functools import partial
from types import ModuleType

REAL = datetime.datetime
REAL_TIME = time.time
REAL_LOCALTIME = time.localtime
REAL_GMTIME = time.gmtime


class _Kind(type):
    """Real datetimes are instances of the class that replaces theirs."""

    def __instancecheck__(cls, value):
        return isinstance(value, REAL) if cls is Datetime else type.__instancecheck__(cls, value)

    def __subclasscheck__(cls, other):
        return issubclass(other, REAL) if cls is Datetime else type.__subclasscheck__(cls, other)


class Datetime(REAL, metaclass=_Kind):
    """The class `datetime` with another present. Its instances are real datetimes."""

    _read = REAL_TIME

    def __new__(cls, *args, **kwargs):
        return REAL(*args, **kwargs) if cls is Datetime else super().__new__(cls, *args, **kwargs)

    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(Datetime._read(), tz)

    @classmethod
    def today(cls):
        return cls.now()

    @classmethod
    def utcnow(cls):
        return cls.now(datetime.timezone.utc).replace(tzinfo=None)


def _time():
    return Datetime._read()


def _localtime(seconds=None):
    return REAL_LOCALTIME(_time() if seconds is None else seconds)


def _gmtime(seconds=None):
    return REAL_GMTIME(_time() if seconds is None else seconds)


REPLACED = {id(REAL): Datetime, id(REAL_TIME): _time, id(REAL_LOCALTIME): _localtime, id(REAL_GMTIME): _gmtime}


class Clock:
    """While it is entered, all modules read the time from `read`, a function that returns seconds since the epoch."""

    #: The names of modules that are replaced: `(names of the module, name, value)`; found once, because that takes long.
    _places = None
    #: How many clocks are entered.
    _depth = 0

    def __init__(self, read):
        self._read = read

    def __enter__(self):
        if Clock._places is None:
            Clock._places = list(_find_places())
        self._before, Datetime._read = Datetime._read, staticmethod(self._read)
        Clock._depth += 1
        if Clock._depth == 1:
            _replace(Clock._places)
        return self

    def __exit__(self, *_error):
        Datetime._read = staticmethod(self._before)
        Clock._depth -= 1
        if Clock._depth == 0:
            _restore(Clock._places)


def _find_places():
    for module in list(sys.modules.values()):
        if isinstance(module, ModuleType) and module.__name__ != __name__:
            for name, value in list(vars(module).items()):
                if id(value) in REPLACED:
                    yield vars(module), name, value


def _replace(places):
    for names, name, value in places:
        names[name] = REPLACED[id(value)]


def _restore(places):
    for names, name, value in places:
        names[name] = value


@contextmanager
def real_time():
    """Has a `Clock` that is entered show the real time. `pickle` finds the class of datetimes under its name again."""
    if Clock._depth == 0:
        yield
        return
    before, Datetime._read = Datetime._read, staticmethod(REAL_TIME)
    _restore(Clock._places)
    try:
        yield
    finally:
        Datetime._read = staticmethod(before)
        _replace(Clock._places)


def clock_ahead(seconds):
    """A clock that goes as the real one, and is ahead of it."""
    return Clock(lambda: REAL_TIME() + seconds)


def with_clock(function):
    """The same function with the class that `Clock` replaces, which `datetime.now` and a `partial` of it hold themselves."""
    if isinstance(function, partial):
        return partial(with_clock(function.func), *function.args, **function.keywords)
    return getattr(Datetime, function.__name__) if getattr(function, '__self__', None) is REAL else function
