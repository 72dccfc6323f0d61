"""Records when Celery's `solar` is next due where the sun stays up, or down, for days: one JSON line per case.

    python3 test/conformance/solar_polar.py > test/conformance/solar-polar.jsonl

Needs ephem, and Celery 5.7 or newer: older ones do not look beyond the day.
"""

import json
import random
from datetime import datetime, timedelta, timezone

from celery import Celery
from celery.schedules import solar

random.seed(24)
app = Celery(set_as_current=False)
start = datetime(2026, 1, 1, tzinfo=timezone.utc)
events = sorted(solar._all_events - {"solar_noon"})

cases = []
while len(cases) < 120:
    event = events[len(cases) % len(events)]
    latitude = round(random.choice([-1, 1]) * random.uniform(50, 89), 4)
    longitude = round(random.uniform(-180, 180), 4)
    after = start + timedelta(seconds=random.randrange(3 * 365 * 86400))
    schedule = solar(event, latitude, longitude, nowfun=lambda: after, app=app)
    wait = schedule.remaining_estimate(after)
    if wait < timedelta(days=2):
        continue
    due = (after + wait).replace(microsecond=0)
    moments = [moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (after, due)]
    cases.append({"solar": [event, latitude, longitude], "after": moments[0], "next": moments[1]})

for case in cases:
    print(json.dumps(case))
