"""Prints as JSON what Celery's beat publishes for each entry of an app: celery_sends.py APP.

The entries go through the `apply_entry` of Celery's scheduler class, or of that in `SCHEDULER`, and the messages are what reaches the
channel of kombu's transport, which is in memory. Signals and overridden methods run as in a real beat.
"""
import base64
import json
import os
import sys
import time

os.environ['CELERY_BROKER_URL'] = 'memory://'
os.environ['CELERY_RESULT_BACKEND'] = 'disabled'
sys.path.insert(0, os.getcwd())

from celery.app.utils import find_app  # noqa: E402
from celery.utils.imports import symbol_by_name  # noqa: E402
from kombu.transport.virtual.base import Channel  # noqa: E402

out = os.fdopen(os.dup(1), 'w')
os.dup2(2, 1)
published = []


def basic_publish(self, message, exchange, routing_key, **kwargs):
    published.append({'message': message, 'exchange': exchange, 'routing_key': routing_key})


Channel.basic_publish = basic_publish
app = find_app(sys.argv[1])
app.loader.init_worker()
app.finalize()
scheduler = symbol_by_name(os.environ.get('SCHEDULER', 'celery.beat:Scheduler'))(app)
sent = {}
for name, entry in scheduler.schedule.items():
    del published[:]
    at = time.time() * 1000
    scheduler.apply_entry(entry, producer=scheduler.producer)
    sent[name] = {'at': at, 'published': list(published)}
json.dump(sent, out, default=lambda value: base64.b64encode(value).decode())
out.flush()
os._exit(0)
