"""Records which entries Celery's beat installs by itself, and for which settings: one JSON line per case.

    python3 test/conformance/default_entries.py > test/conformance/default-entries.jsonl

`settings` are the app's, `environment` is the process's. Needs redis and sqlalchemy, the backends of the cases.
"""

import json
import os
import tempfile

from celery import Celery
from celery.beat import Scheduler

BACKENDS = [
    None,
    "disabled",
    "rpc://",
    "redis://h/1",
    "redis+socket:///r.sock",
    "rediss://h/1?ssl_cert_reqs=none",
    "sentinel://h:26379",
    "cache+memory://",
    "db+sqlite:///results.sqlite",
    "file:///tmp",
    "celery.backends.redis:RedisBackend",
    "celery.backends.database.DatabaseBackend",
]


def installed(settings, environment, schedule):
    os.environ.pop("CELERY_RESULT_BACKEND", None)
    os.environ.update(environment)
    app = Celery(broker="memory://", set_as_current=False)
    app.conf.update(settings, database_url="sqlite://")
    scheduler = Scheduler(app, lazy=True)
    data = scheduler.data = {name: None for name in schedule}
    scheduler.install_default_entries(data)
    return {
        name: {
            "task": entry.task,
            "minute": sorted(entry.schedule.minute),
            "hour": sorted(entry.schedule.hour),
            "options": entry.options,
        }
        for name, entry in data.items()
        if entry is not None
    }


def case(settings, environment={}, schedule=()):
    answer = installed(settings, environment, schedule)
    given = {"settings": settings, "environment": environment, "schedule": list(schedule)}
    print(json.dumps({**given, "installed": answer}))


# Some backends make their database at once.
os.chdir(tempfile.mkdtemp())
for backend in BACKENDS:
    case({"result_backend": backend})
for expires in (None, 0, 60, 0.5):
    case({"result_expires": expires, "result_backend": "db+sqlite:///results.sqlite"})
    case({"result_expires": expires})
for first, second in (("redis://h/1", "db+sqlite:///r.sqlite"), ("db+sqlite:///r.sqlite", "redis://h/1")):
    case({"result_backend": first}, {"CELERY_RESULT_BACKEND": second})
case({}, {"CELERY_RESULT_BACKEND": "redis://h/1"})
case({}, {}, ["celery.backend_cleanup"])
case({}, {}, ["mine"])
