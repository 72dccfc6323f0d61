"""Records the occurrences that python-dateutil finds for random recurrence rules, in rrule.jsonl.

Run: python3 test/conformance/rrule.py > test/conformance/rrule.jsonl
"""

import json
import random
import signal
from datetime import datetime, timedelta
from itertools import islice

import dateutil
from dateutil.rrule import rrulestr

random.seed(11)


class TooLong(Exception):
    pass


def give_up(*_):
    raise TooLong


# It searches some rules without occurrences for minutes.
signal.signal(signal.SIGALRM, give_up)
FREQUENCIES = ["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"]
DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


def some(low, high, most=3):
    return sorted({random.randint(low, high) for _ in range(random.randint(1, most))})


def signed(low, high):
    return sorted({n * random.choice([1, 1, -1]) for n in some(low, high)})


def text(numbers):
    return ",".join(str(number) for number in numbers)


def make_rule(freq):
    parts = ["FREQ=" + freq]
    rank = FREQUENCIES.index(freq)
    if random.random() < 0.5:
        parts.append("INTERVAL=%d" % random.choice([1, 2, 2, 3, 4, 5, 7, 10, 13]))
    if random.random() < 0.3:
        parts.append("BYMONTH=" + text(some(1, 12, 4)))
    kind = random.random()
    if kind < 0.25:
        parts.append("BYMONTHDAY=" + text(signed(1, 31)))
    elif kind < 0.5:
        plain = random.sample(DAYS, random.randint(1, 4))
        if rank < 2 and random.random() < 0.6:
            most = 5 if rank == 1 or any(p.startswith("BYMONTH=") for p in parts) else 52
            plain = [random.choice(["", "-"]) + str(random.randint(1, most)) + day for day in plain]
        parts.append("BYDAY=" + ",".join(plain))
    elif kind < 0.6 and rank == 0:
        parts.append("BYWEEKNO=" + text(some(1, 53)))
        if random.random() < 0.7:
            parts.append("BYDAY=" + ",".join(random.sample(DAYS, random.randint(1, 3))))
    elif kind < 0.7:
        parts.append("BYYEARDAY=" + text(signed(1, 366)))
    if random.random() < 0.4:
        parts.append("BYHOUR=" + text(some(0, 23)))
    if random.random() < 0.4:
        parts.append("BYMINUTE=" + text(some(0, 59)))
    if random.random() < 0.2:
        parts.append("BYSECOND=" + text(some(0, 59)))
    if random.random() < 0.2 and any(p.startswith("BY") for p in parts):
        parts.append("BYSETPOS=" + text(signed(1, 4)))
    if random.random() < 0.2:
        parts.append("WKST=" + random.choice(DAYS))
    if random.random() < 0.15:
        parts.append("COUNT=%d" % random.randint(1, 20))
    random.shuffle(parts)
    return ";".join(parts)


print(json.dumps({"dateutil": dateutil.__version__}))
for i in range(900):
    freq = FREQUENCIES[i % 7]
    rule = make_rule(freq)
    start = datetime(2024, 1, 1) + timedelta(seconds=random.randint(0, 3 * 366 * 86400))
    after = start + timedelta(seconds=random.randint(-86400, 3 * 366 * 86400 if i % 7 < 4 else 20 * 86400))
    end = after + timedelta(days=365 * 30 if i % 7 < 4 else 40)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        found = rrulestr(rule + ("" if "COUNT" in rule else ";UNTIL=" + end.strftime("%Y%m%dT%H%M%S")), dtstart=start)
        due = list(islice((at for at in found if at > after and at <= end), 8))
    except (ValueError, TooLong):
        continue
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    print(
        json.dumps(
            {
                "rrule": rule,
                "dtstart": start.isoformat(),
                "after": after.isoformat(),
                "until": end.isoformat(),
                "due": [at.isoformat() for at in due],
            }
        )
    )
