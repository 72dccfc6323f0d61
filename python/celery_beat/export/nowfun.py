"""Schedules with a clock of their own (`nowfun`), which versions of Celery read in different ways."""
import os
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone

import celery
from celery import schedules
from celery.utils.time import timezone as zones

from .clock import Clock, with_clock
from .report import RAISED, describe, path_of, show
from .zones import zone_name

#: django-celery-beat gives its schedules clocks of their own, which show the real time.
TRUSTED = ('django_celery_beat.', 'celery.')

#: No zone is farther from UTC.
FARTHEST = timedelta(hours=26)

REAL_TIME = 'write the schedule for the real time, with a timezone if that is what it computes'


class Unknown(Exception):
    """A schedule that beat does not know: what it is, and what to write instead."""

    def __init__(self, what, instead):
        super().__init__(what, instead)
        self.what = what
        self.instead = instead


def has_own_clock(schedule):
    """Whether the schedule reads the time from a function of the project."""
    nowfun = getattr(schedule, 'nowfun', None)
    return nowfun is not None and not path_of(nowfun).startswith(TRUSTED)


@contextmanager
def clock_of(schedule):
    """Gives a function: what the schedule reads as the present at an instant."""
    if not has_own_clock(schedule):
        yield lambda at: at.astimezone(schedule.tz)
        return
    nowfun, present = with_clock(schedule.nowfun), [0.0]

    def ask(at):
        present[0] = at.timestamp()
        return nowfun()

    with Clock(lambda: present[0]):
        yield ask


def duplicate(schedule):
    """A shallow copy: `copy` calls `__reduce__`, which fails for rules of RedBeat."""
    own = object.__new__(type(schedule))
    vars(own).update(vars(schedule))
    return own


def following(schedule, clock, last):
    """The instant at which a beat that sleeps as long as Celery says finds a copy of the schedule due; `None` for never."""
    now = last
    for _ in range(10):
        schedule.nowfun = lambda: clock(now)
        left = schedule.remaining_estimate(clock(last))
        if left is None:
            return None  # a rule of RedBeat that has ended
        if left <= timedelta(0) and now > last:
            return now
        now += max(left, timedelta(seconds=1))
    return None


def find_zone(schedule, app, report_note):
    """The name of the zone in which a plain schedule is due when this one is by this Celery; `None` for that of the app.

    Raises `Unknown` if there is none.
    """
    name = path_of(schedule.nowfun)
    what = 'its schedule reads the time from {} (nowfun)'.format(name)
    now = datetime.now(timezone.utc)
    try:
        with clock_of(schedule) as ask:
            answers = [ask(now + timedelta(days=30 * month)) for month in range(13)]
            for month, answer in enumerate(answers):
                _check(answer, now + timedelta(days=30 * month), what)
            candidates = _candidates(schedule, app, answers)
            instants = _instants(now, [zone for _, zone in candidates])
            own = duplicate(schedule)
            own.app = app
            expected = [following(own, ask, at) for at in instants]
    except Unknown:
        raise
    except RAISED as error:
        raise Unknown('{}, which fails: {}'.format(what, describe(error)), REAL_TIME) from error
    for zone_of_entry, zone in candidates:
        plain = duplicate(schedule)
        plain.app, plain.tz = app, zone
        if all(_same(following(plain, lambda at: at.astimezone(zone), at), instant)
               for at, instant in zip(instants, expected)):
            where = 'the zone of the app' if zone_of_entry is None else 'the zone of that time'
            report_note('{}: Celery {} runs it in {}, {}'.format(
                what, celery.__version__, zone_of_entry or zone_name(app.timezone), where), 'beat does the same')
            return zone_of_entry
    raise Unknown('{}: Celery {} runs it neither in the zone of the app nor in the zone of that time'.format(
        what, celery.__version__), REAL_TIME)


def _check(answer, at, what):
    if not isinstance(answer, datetime):
        raise Unknown('{}, which returns {}'.format(what, show(answer)), REAL_TIME)
    aware = answer if answer.tzinfo is not None else answer.replace(tzinfo=timezone.utc)
    if abs(aware - at) > FARTHEST:
        raise Unknown('{}, which shows {} at {}'.format(what, answer.isoformat(), at.isoformat()), REAL_TIME)


def _candidates(schedule, app, answers):
    """Pairs of the `timezone` of an entry and a zone: that of the app, those of the answers, and that of the host."""
    found = [(None, app.timezone)]
    if not isinstance(schedule, schedules.crontab):
        return found
    names = [zone_name(answer.tzinfo) for answer in answers if answer.tzinfo is not None] + [_zone_of_host()]
    for name in dict.fromkeys(names):
        try:
            found.append((name, zones.get_timezone(name)))
        except RAISED:
            continue  # not the name of a zone
    return found


def _zone_of_host():
    return os.environ.get('TZ') or os.path.realpath('/etc/localtime').split('/zoneinfo/')[-1]


def _instants(now, found):
    """Instants of the next thirteen months, among them those around the changes of clocks."""
    days = [now + timedelta(days=day) for day in range(400)]
    changes = [
        _change_between(today, tomorrow, zone) + timedelta(minutes=minutes)
        for zone in found
        for today, tomorrow in zip(days, days[1:])
        if _offset(today, zone) != _offset(tomorrow, zone)
        for hours in (-24, -12, -6, -1, 0, 1, 6, 12, 24)
        for minutes in (60 * hours - 30, 60 * hours + 30)
    ]
    return sorted({*days[::30], *changes})


def _change_between(before, after, zone):
    """The instant at which clocks change, to the second: what is found must not depend on the time of the day."""
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if _offset(middle, zone) == _offset(before, zone):
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def _offset(at, zone):
    return at.astimezone(zone).utcoffset()


def _same(one, other):
    return one is other if one is None or other is None else abs(one - other) < timedelta(seconds=1)
