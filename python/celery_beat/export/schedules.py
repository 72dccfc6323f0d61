"""Schedules of exactly the types that beat knows. A subclass may compute anything, so it is not exported."""
import json
from datetime import timezone

from celery import schedules

from .nowfun import Unknown, clock_of, duplicate, find_zone, following, has_own_clock
from .report import path_of, show
from .values import instant, seconds
from .zones import zone_name

FIELDS = ('minute', 'hour', 'day_of_week', 'day_of_month', 'month_of_year')

OWN = 'write it as crontab, cron or at, or in TypeScript as an object with spec and next(after)'


def export_schedule(schedule, app, note):
    """The fields of an entry for a schedule: `schedule`, and `relative` or `timezone`. Raises `Unknown`."""
    export = EXPORTERS.get(path_of(type(schedule)))
    if export is None:
        bases = [path_of(base) for base in type(schedule).__mro__ if path_of(base) in EXPORTERS]
        base = ', a subclass of {}'.format(bases[0]) if bases else ''
        raise Unknown('its schedule is of the type {}{}'.format(path_of(type(schedule)), base), OWN)
    exported = export(schedule, app)
    if has_own_clock(schedule):
        zone = find_zone(schedule, app, note)
        if zone is not None:
            exported['timezone'] = zone
    return exported


def _interval(schedule, app):
    exported = {'schedule': seconds(schedule.run_every)}
    return dict(exported, relative=True) if schedule.relative else exported


def _crontab(schedule, app):
    fields = {}
    for field in FIELDS:
        value = _field(getattr(schedule, '_orig_' + field), getattr(schedule, field))
        if value != '*':
            fields[field] = value
    return dict({'schedule': {'crontab': fields or {'minute': '*'}}}, **_zone(schedule, app))


def _field(given, expanded):
    if isinstance(given, str):
        return str(given)
    # Sets, ranges and generators are what Celery has made of them.
    return int(given) if isinstance(given, int) else sorted(int(number) for number in expanded)


def _zone(schedule, app):
    """The zone of a schedule, if it is not that of the app."""
    own = getattr(schedule, 'tz', None)
    if own is None or own == app.timezone or str(own) == str(app.timezone):
        return {}
    name = zone_name(own)
    if name is None:
        raise Unknown('its schedule has the time zone {}, which has no IANA name'.format(show(own)),
                      'write the name of a zone such as Europe/Oslo')
    return {'timezone': name}


def _solar(schedule, app):
    return {'schedule': {'solar': {'event': schedule.event, 'lat': float(schedule.lat), 'lon': float(schedule.lon)}}}


def _clocked(schedule, app):
    return {'schedule': {'at': instant(schedule.clocked_time)}}


def _rule(schedule, app):
    from redbeat.decoder import RedBeatJSONEncoder
    # In the form in which RedBeat stores it.
    return {'schedule': json.loads(json.dumps(schedule, cls=RedBeatJSONEncoder))}


EXPORTERS = {
    path_of(schedules.schedule): _interval,
    path_of(schedules.crontab): _crontab,
    'celery.schedules.solar': _solar,
    'django_celery_beat.tzcrontab.TzAwareCrontab': _crontab,
    'django_celery_beat.clockedschedule.clocked': _clocked,
    'redbeat.schedules.rrule': _rule,
}


def is_calendar(schedule):
    """Whether a schedule has instants that depend neither on its last run nor on one instant alone."""
    return not isinstance(schedule, schedules.schedule) and EXPORTERS.get(path_of(type(schedule))) is not _clocked


def upcoming(schedule, after, count):
    """The next instants of a crontab or the like by Celery's own computation, ISO 8601; `None` where it has no more."""
    instants, last, own = [], after.astimezone(timezone.utc), duplicate(schedule)
    with clock_of(schedule) as clock:
        while len(instants) < count:
            last = last and following(own, clock, last)
            instants.append(last and last.isoformat())
    return instants
