"""What real workers run in the matrix. Each run is reported on file descriptor 3 as a line of JSON: what came
over the wire, what the task saw of it, and what it returned."""

import base64
import json
import os

from celery import Celery
from celery.signals import task_postrun, task_received, worker_ready
from kombu import Exchange, Queue
from kombu.common import Broadcast


def direct(name):
    return Queue(name, Exchange(name), routing_key=name)


app = Celery('tasks')
app.conf.update(
    result_backend=os.environ['RESULT_BACKEND'],
    accept_content=['json', 'yaml', 'msgpack'],
    worker_prefetch_multiplier=0,
    broker_connection_retry_on_startup=True,
    task_queue_max_priority=10,
    task_queues=[
        *map(direct, ['celery', 'reports', 'globbed', 'matched', 'computed', 'listed']),
        Queue('named', Exchange('by-name'), routing_key='the key'),
        Queue('topics', Exchange('topics', 'topic'), routing_key='jobs.#'),
        Queue('news', Exchange('news', 'fanout')),
        Broadcast('everyone'),
        Broadcast('others'),
    ],
)


@app.task(bind=True, name='matrix.see')
def see(self, *args, row=None, **kwargs):
    return 'seen'


for route in ['by_name', 'with_options', 'glob.a.b', 'regular', 'pair', 'computed']:
    app.task(bind=True, name=f'matrix.routed.{route}')(see.run.__func__)


@app.task(name='matrix.quiet', ignore_result=True)
def quiet(row=None):
    return 'not requested'


@app.task(name='matrix.add')
def add(x, y, row=None):
    return x + y


@app.task(name='matrix.total')
def total(numbers, row=None):
    return sum(numbers)


@app.task(name='matrix.fail')
def fail(row=None):
    raise ValueError('on purpose')


# Called as a task of its own only because it takes no more than the id: else the worker calls it in place.
@app.task(name='matrix.failed')
def failed(task_id, *, row=None):
    return task_id


def encode(value):
    if isinstance(value, bytes):
        return {'bytes': base64.b64encode(value).decode()}
    if isinstance(value, BaseException):
        return {'raised': repr(value)}
    return {type(value).__name__: str(value)}


def report(kind, **what):
    os.write(3, (json.dumps({'kind': kind, **what}, default=encode) + '\n').encode())


@worker_ready.connect
def on_ready(**_):
    report('ready')


@task_received.connect
def on_received(request, **_):
    message = request._message
    report(
        'received',
        id=request.id,
        contentType=message.content_type,
        contentEncoding=message.content_encoding,
        headers=message.headers,
        properties=message.properties,
    )


SEEN = ['eta', 'expires', 'timelimit', 'root_id', 'parent_id', 'group', 'shadow', 'reply_to', 'stamps']
SEEN += ['correlation_id', 'retries', 'argsrepr', 'kwargsrepr', 'ignore_result', 'origin', 'utc']


# After the result is stored, so that a test that waits for the line may look for the result.
@task_postrun.connect
def on_ran(task, task_id, args, kwargs, retval, state, **_):
    request = task.request
    report(
        'ran',
        task=task.name,
        id=task_id,
        row=kwargs.pop('row', None),
        args=args,
        kwargs=kwargs,
        state=state,
        returned=retval,
        exchange=request.delivery_info['exchange'],
        routingKey=request.delivery_info['routing_key'],
        priority=request.delivery_info['priority'],
        **{name: request.get(name) for name in SEEN},
    )
