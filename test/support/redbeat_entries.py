"""Fills a Redis with the entries of RedBeat: static ones from beat_schedule, others at run time."""

import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from celery import Celery
from celery.schedules import crontab, schedule
from redbeat import RedBeatSchedulerEntry
from redbeat.schedules import rrule
from redbeat.schedulers import RedBeatScheduler

app = Celery("proj", broker=sys.argv[1])
app.conf.update(redbeat_redis_url=sys.argv[1], redbeat_lock_key=None, timezone="Europe/Oslo")
app.conf.result_backend = sys.argv[1]
app.conf.beat_schedule = {
    "static": {"task": "tasks.note", "schedule": crontab(minute=0, hour="8,20", day_of_week="mon-fri")},
}

# `celery beat` writes the static entries when it starts.
RedBeatScheduler(app=app)


def entry(name, schedule, last_run_at=None, **more):
    made = RedBeatSchedulerEntry(name, "tasks.note", schedule, app=app, **more)
    made.last_run_at = last_run_at
    made.save()


last = datetime(2026, 11, 22, 12, 0, 30, 250000, tzinfo=ZoneInfo("Europe/Oslo"))
entry("every", schedule(timedelta(seconds=90)), last, args=[1, "tøy"], kwargs={"a": {"b": None}})
entry("relative", schedule(timedelta(hours=2), relative=True), last)
entry("lists", crontab(minute=[0, 30], hour=5, day_of_month="1-7", month_of_year="*/3"), last)
entry("off", schedule(60), last, enabled=False)
entry("never-run", schedule(60))
entry(
    "options",
    schedule(60),
    last,
    options={"queue": "reports", "priority": 3, "expires": 300, "headers": {"x": 1}},
    kwargs={"at": datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=timezone(timedelta(hours=2)))},
)
entry("rule", rrule("DAILY", dtstart=last), last)
entry("wrong", crontab(minute=0), last, options={"no_such_option": 1})
