"""Records the message headers that a worker stumbles over: one JSON line per name, with the values that do harm.

    python3 test/conformance/context_headers.py > test/conformance/context-headers-5.7.jsonl

Recorded with Celery 5.2.6 and 5.7.0, in a file each. A worker takes headers for attributes of a task's request.
Each attribute of `celery.app.task.Context` and of the worker's `Request` is sent as a header, and the message is
handled as a worker does, without a pool: `harm` is said of a task that does not succeed, or whose result is lost.
"""
import json
import sys
import uuid
import warnings
from unittest.mock import Mock

from celery import Celery
from celery.app.task import Context
from celery.worker import strategy
from celery.worker.request import Request
from kombu import Connection, Exchange, Producer, Queue

warnings.simplefilter('ignore')
app = Celery(broker='memory://', backend='cache+memory://', set_as_current=True)
app.conf.update(result_extended=True, task_track_started=True)


@app.task(name='tasks.add', bind=True)
def add(self, x, y):
    repr(self.request)
    self.signature_from_request(args=(x, y))
    return x + y


app.finalize()
channel = Connection('memory://').channel()
queue = Queue('q', Exchange(''), routing_key='q', channel=channel)
queue.declare()


def consumer(taken):
    mock = Mock(app=app, hostname='h', task_buckets={'tasks.add': None}, disable_rate_limits=True)
    mock.controller.state.revoked = set()
    mock.controller.state.revoked_stamps = {}
    mock.event_dispatcher.enabled = False
    mock.connection_errors = ()
    mock._limit_task = None
    mock.on_task_request = taken.append
    return mock


def harm(header, value):
    task_id = str(uuid.uuid4())
    message = app.amqp.as_task_v2(task_id, 'tasks.add', (1, 2), {})
    headers = {**message.headers, header: value}
    queue.purge()
    Producer(channel).publish(message.body, routing_key='q', headers=headers, serializer='json', **message.properties)
    received = queue.get(accept=['json'])
    taken = []
    try:
        handle = strategy.default(app.tasks['tasks.add'], app, consumer(taken), task_reserved=lambda request: None)
        handle(received, None, Mock(), Mock(), [])
        if not taken:
            return 'never runs'
        taken[0].execute(loglevel=None)
        meta = app.backend.get_task_meta(task_id)
        return None if (meta['status'], meta['result']) == ('SUCCESS', 3) else f"{meta['status']}: {meta['result']}"
    except Exception as error:
        return f'{type(error).__name__}: {error}'


assert harm('tenant', 'acme') is None
for name in sorted({*dir(Context), *vars(Context()), *dir(Request), 'args', 'kwargs', 'properties', 'children'}):
    found = {json.dumps(value): harm(name, value) for value in (5, 'x', True, None, {'a': 1}, [1])}
    if name == 'ignore_result':
        del found['true']  # as it is meant
    harmful = {value: said for value, said in found.items() if said is not None}
    if harmful:
        print(json.dumps({'name': name, 'harm': harmful}))
sys.exit(0)
