"""Writes what cron expressions mean in the libraries that have them: one JSON line per case.

    python3 test/conformance/cron_readings.py > test/conformance/cron-readings.jsonl

Each row holds an expression, the libraries whose documentation and tests read it so, an instant, and the
next instants. These come from a walk over every minute (or second) with the condition that stands here in
Python, not from a parser of cron expressions. Days of the week are Python's: Monday is 0.
"""

import calendar
import json
from datetime import datetime, timedelta


def last(d):
    return calendar.monthrange(d.year, d.month)[1]


def nearest(d, day):
    """The day of d's month that is the weekday nearest to a day of it; None if there is no such day."""
    if not 1 <= day <= last(d):
        return None
    weekday = d.replace(day=day).weekday()
    if weekday == 5:
        return day - 1 if day > 1 else day + 2
    if weekday == 6:
        return day + 1 if day < last(d) else day - 2
    return day


def midnight(d):
    return (d.hour, d.minute) == (0, 0)


def at(hour, minute=0):
    return lambda d: (d.hour, d.minute) == (hour, minute)


def nth(d):
    return (d.day + 6) // 7


def is_last(d):
    return d.day + 7 > last(d)


ROWS = [
    # nearest weekdays
    ("0 0 15W * *", "Quartz Spring Cronos croner gorhill saffron", "2018-06-20", lambda d: midnight(d) and d.day == nearest(d, 15)),
    ("0 0 1W * *", "Quartz Spring Cronos croner gorhill saffron", "2026-01-10", lambda d: midnight(d) and d.day == nearest(d, 1)),
    ("0 0 31W * *", "croner", "2026-01-01", lambda d: midnight(d) and d.day == nearest(d, 31)),
    ("0 0 30w * *", "croner", "2026-01-01", lambda d: midnight(d) and d.day == nearest(d, 30)),
    ("0 0 LW * *", "Quartz Spring Cronos croner gorhill saffron", "2026-01-01", lambda d: midnight(d) and d.day == nearest(d, last(d))),
    ("0 0 lw * *", "Cronos gorhill", "2026-01-01", lambda d: midnight(d) and d.day == nearest(d, last(d))),
    ("0 0 1,15W * *", "gorhill", "2026-01-01", lambda d: midnight(d) and (d.day == 1 or d.day == nearest(d, 15))),
    ("0 0 1W,LW * *", "gorhill", "2026-01-01", lambda d: midnight(d) and d.day in (nearest(d, 1), nearest(d, last(d)))),
    ("0 15 10 L-5W * ? 2010", "Quartz Cronos saffron", "2010-09-30", lambda d: at(10, 15)(d) and d.year == 2010 and d.day == nearest(d, last(d) - 5)),
    ("0 15 10 L-1W * ? 2010", "Quartz Cronos saffron", "2010-09-30", lambda d: at(10, 15)(d) and d.year == 2010 and d.day == nearest(d, last(d) - 1)),
    # from the end of the month
    ("0 0 L * *", "Quartz Spring Cronos croner croniter cron-parser gorhill saffron", "2026-01-15", lambda d: midnight(d) and d.day == last(d)),
    ("0 0 l * *", "croniter Cronos gorhill", "2026-01-15", lambda d: midnight(d) and d.day == last(d)),
    ("0 15 10 L-2 * ? 2010", "Quartz Spring Cronos saffron", "2010-09-30", lambda d: at(10, 15)(d) and d.year == 2010 and d.day == last(d) - 2),
    ("0 0 L-3 * *", "Quartz Spring Cronos saffron", "2026-01-15", lambda d: midnight(d) and d.day == last(d) - 3),
    ("0 0 L-29 * *", "Cronos", "2026-01-15", lambda d: midnight(d) and d.day == last(d) - 29),
    # places of weekdays in the month
    ("0 0 * * 5L", "Spring Cronos croner cron-parser gorhill", "2026-01-01", lambda d: midnight(d) and d.weekday() == 4 and is_last(d)),
    ("0 0 * * fril", "Spring Cronos", "2026-01-01", lambda d: midnight(d) and d.weekday() == 4 and is_last(d)),
    ("0 0 * * L5", "croniter", "1987-01-15", lambda d: midnight(d) and d.weekday() == 4 and is_last(d)),
    ("0 1,5 * * L5", "croniter", "1987-01-15", lambda d: (at(1)(d) or at(5)(d)) and d.weekday() == 4 and is_last(d)),
    ("0 0 * * FRI#L", "croner", "2026-01-01", lambda d: midnight(d) and d.weekday() == 4 and is_last(d)),
    ("0 0 * * 1#5", "croner croniter Cronos Quartz Spring cron-parser", "2026-01-01", lambda d: midnight(d) and d.weekday() == 0 and nth(d) == 5),
    ("0 0 * * MON-FRI#1", "croner", "2026-01-01", lambda d: midnight(d) and d.weekday() < 5 and nth(d) == 1),
    ("0 0 * * MON-FRIL", "croner", "2026-01-01", lambda d: midnight(d) and d.weekday() < 5 and is_last(d)),
    ("0 0 * * 5#1,1#1", "croniter croner", "2026-01-01", lambda d: midnight(d) and d.weekday() in (0, 4) and nth(d) == 1),
    # ranges past the end
    ("0 0 * * sat-sun", "croniter Quartz Cronos Spring", "2026-01-01", lambda d: midnight(d) and d.weekday() >= 5),
    ("0 0 * * fri-mon", "croniter Quartz Cronos", "2026-01-01", lambda d: midnight(d) and d.weekday() in (4, 5, 6, 0)),
    ("0 22-2 * * *", "croniter Quartz Cronos", "2026-01-01", lambda d: d.minute == 0 and d.hour in (22, 23, 0, 1, 2)),
    ("0 22-2/2 * * *", "Cronos", "2026-01-01", lambda d: d.minute == 0 and d.hour in (22, 0, 2)),
    ("55-5 12 * * *", "croniter Quartz Cronos", "2026-01-01", lambda d: d.hour == 12 and (d.minute >= 55 or d.minute <= 5)),
    ("0 0 1 nov-mar *", "croniter Quartz Cronos", "2026-01-15", lambda d: midnight(d) and d.day == 1 and d.month in (11, 12, 1, 2, 3)),
    ("0 0 28-3 * *", "croniter Quartz Cronos", "2026-01-15", lambda d: midnight(d) and (d.day >= 28 or d.day <= 3)),
    # steps
    ("0 0 * * 2/5", "robfig croniter croner", "2026-01-01", lambda d: midnight(d) and d.weekday() == 1),
    ("0 0 * * 1/2", "robfig croniter croner", "2026-01-01", lambda d: midnight(d) and d.weekday() in (0, 2, 4)),
    ("0/15 * * * *", "robfig", "2012-07-09", lambda d: d.minute % 15 == 0),
    ("5/15 * * * *", "robfig", "2012-07-09", lambda d: d.minute in (5, 20, 35, 50)),
    ("*/15 * 1,15 * 0", "robfig", "2012-07-01", lambda d: d.minute % 15 == 0 and (d.day in (1, 15) or d.weekday() == 6)),
    ("*/15 * * * 0", "robfig", "2012-07-01", lambda d: d.minute % 15 == 0 and d.weekday() == 6),
    # years
    ("0 0 12 1 1 ? 2027", "Quartz croner gorhill croniter", "2026-01-01", lambda d: at(12)(d) and (d.year, d.month, d.day) == (2027, 1, 1)),
    ("0 0 0 29 2 ? 2026-2034", "Quartz croner gorhill", "2026-01-01", lambda d: midnight(d) and (d.month, d.day) == (2, 29) and d.year <= 2034),
    ("0 0 0 1 6 ? 2026-2035/3", "Quartz gorhill", "2026-01-01", lambda d: midnight(d) and (d.month, d.day) == (6, 1) and (d.year - 2026) % 3 == 0),
    ("0 30 6 1 1 ? 2028,2030", "Quartz croner gorhill", "2026-01-01", lambda d: at(6, 30)(d) and (d.month, d.day) == (1, 1) and d.year in (2028, 2030)),
    # nicknames
    ("@weekdays", "cron-parser", "2026-01-01", lambda d: midnight(d) and d.weekday() < 5),
    ("@weekends", "cron-parser", "2026-01-01", lambda d: midnight(d) and d.weekday() >= 5),
    ("@minutely", "cron-parser", "2026-01-01", lambda d: True),
    ("@noon", "fugit", "2026-01-01", at(12)),
    ("@weekly", "robfig croner cron-parser croniter Spring Cronos gronx", "2026-01-01", lambda d: midnight(d) and d.weekday() == 6),
]


def due(condition, after, end, count=8):
    at = after + timedelta(minutes=1)
    found = []
    while at < end and len(found) < count:
        if condition(at):
            found.append(at.isoformat() + "Z")
        at += timedelta(minutes=1)
    return found


for cron, libraries, after, condition in ROWS:
    start = datetime.fromisoformat(after)
    row = {
        "cron": cron,
        "as": libraries.split(),
        "after": after + "T00:00:00Z",
        "due": due(condition, start, start + timedelta(days=3700)),
    }
    print(json.dumps(row))
