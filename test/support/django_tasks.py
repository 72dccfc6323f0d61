"""Creates the tables of django-celery-beat in a database, with periodic tasks of every kind."""

import json
import sys
from datetime import datetime, timedelta, timezone

import django
from django.conf import settings

database = json.loads(sys.argv[1])
if database["ENGINE"].endswith("mysql"):
    import pymysql

    pymysql.version_info = (2, 2, 7, "final", 0)
    pymysql.install_as_MySQLdb()
settings.configure(
    DATABASES={"default": database},
    INSTALLED_APPS=["django_celery_beat"],
    USE_TZ=True,
    TIME_ZONE="Europe/Oslo",
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
)
django.setup()

from django.core.management import call_command  # noqa: E402
from django_celery_beat.models import (  # noqa: E402
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

call_command("migrate", verbosity=0)

LAST = datetime(2026, 11, 22, 11, 0, 30, 250000, tzinfo=timezone.utc)
minutes = IntervalSchedule.objects.create(every=5, period="minutes")
seconds = IntervalSchedule.objects.create(every=90, period="seconds")
days = IntervalSchedule.objects.create(every=2, period="days")
oslo = CrontabSchedule.objects.create(minute="0", hour="8,20", day_of_week="mon-fri", timezone="Europe/Oslo")
tokyo = CrontabSchedule.objects.create(minute="*/15", timezone="Asia/Tokyo")
berlin = CrontabSchedule.objects.create(minute="30", hour="4", day_of_month="1", timezone="Europe/Oslo")
sunset = SolarSchedule.objects.create(event="sunset", latitude="59.9", longitude="10.75")
moment = ClockedSchedule.objects.create(clocked_time=datetime(2100, 1, 2, 3, 4, tzinfo=timezone.utc))
passed = ClockedSchedule.objects.create(clocked_time=LAST)


def task(name, last=LAST, **more):
    made = PeriodicTask(name=name, task="tasks.note", **more)
    if last is not None:
        made.last_run_at = last
    made.save()


task("every", interval=seconds, args='[1, "t\\u00f8y"]', kwargs='{"a": {"b": null}}', description="Notes things.")
task("off", interval=minutes, enabled=False)
task("new", last=None, interval=days)
task("oslo", crontab=oslo)
task("tokyo", crontab=tokyo)
task("monthly", crontab=berlin)
task("sunset", solar=sunset)
task("clocked", last=None, clocked=moment, one_off=True)
task("overdue", last=None, clocked=passed, one_off=True)
task("done", clocked=passed, one_off=True, total_run_count=1)
task(
    "options",
    interval=minutes,
    queue="reports",
    priority=3,
    expire_seconds=300,
    headers='{"x": 1}',
)
task("routed", interval=minutes, exchange="jobs", routing_key="jobs.clean")
task("ends", interval=minutes, expires=datetime(2100, 1, 1, tzinfo=timezone.utc))
task("ended", interval=minutes, expires=LAST)
START = datetime(2100, 1, 1, tzinfo=timezone.utc)
MORNING = START + timedelta(hours=7)
task("starts", interval=minutes, start_time=START)
task("season", crontab=oslo, start_time=MORNING, expires=MORNING + timedelta(days=4))
task("fresh", last=None, interval=days, start_time=START)
task("single", crontab=oslo, start_time=MORNING, one_off=True)
task("never", interval=minutes, start_time=START, expires=START)
task("started", interval=minutes, start_time=LAST - timedelta(days=1))
task("broken", interval=minutes, args="[1")
