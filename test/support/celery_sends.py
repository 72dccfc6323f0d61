"""Prints a line of JSON for each app, with what Celery's beat publishes for its entries: celery_sends.py APP...

Each app is imported by a process of its own, forked from one that has loaded Celery, which takes most of the time.
The entries go through the `apply_entry` of Celery's scheduler class, or of that in `SCHEDULER`, and the messages are what reaches the
channel of kombu's transport, which is in memory. Signals and overridden methods run as in a real beat.
"""
import base64
import json
import os
import sys
import time
import traceback

os.environ['CELERY_BROKER_URL'] = 'memory://'
os.environ['CELERY_RESULT_BACKEND'] = 'disabled'
sys.path.insert(0, os.getcwd())

import celery.beat  # noqa: E402,F401
from celery.app.utils import find_app  # noqa: E402
from celery.utils.imports import symbol_by_name  # noqa: E402
from kombu.transport.virtual.base import Channel  # noqa: E402

out = os.fdopen(os.dup(1), 'w')
os.dup2(2, 1)
published = []


def basic_publish(self, message, exchange, routing_key, **kwargs):
    published.append({'message': message, 'exchange': exchange, 'routing_key': routing_key})


Channel.basic_publish = basic_publish


def publish(scheduler, entry):
    """Returns the time of publishing. Repeats what took long: Celery read the clock at an unknown moment of it."""
    while True:
        del published[:]
        at = time.time()
        scheduler.apply_entry(entry, producer=scheduler.producer)
        if time.time() - at < 0.5:
            return at * 1000


def read_every_hour(scheduler_class):
    """The scheduler of django-celery-beat reads entries of fixed hours only within two hours of them."""
    from django.db.models import Q
    scheduler_class._get_crontab_exclude_query = lambda self: Q(pk__in=[])


def record(name):
    app = find_app(name)
    app.loader.init_worker()
    app.finalize()
    scheduler_class = symbol_by_name(os.environ.get('SCHEDULER', 'celery.beat:Scheduler'))
    if hasattr(scheduler_class, '_get_crontab_exclude_query'):
        read_every_hour(scheduler_class)
    scheduler = scheduler_class(app)
    sent = {}
    for entry_name, entry in scheduler.schedule.items():
        at = publish(scheduler, entry)
        sent[entry_name] = {'at': at, 'published': list(published)}
    json.dump({'app': name, 'sent': sent}, out, default=lambda value: base64.b64encode(value).decode())
    out.write('\n')
    out.flush()


for name in sys.argv[1:]:
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        continue
    try:
        record(name)
    except BaseException:
        traceback.print_exc()
    os._exit(0)
