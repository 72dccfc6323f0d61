"""What real workers run in tests. They report it on file descriptor 3, one line of JSON each."""

import json
import os
import time

from celery import Celery
from celery.signals import task_postrun, task_revoked, worker_ready
from kombu.transport import sqlalchemy

# Seconds between two looks into an empty SQL queue; there is no setting for it.
sqlalchemy.Transport.polling_interval = 0.1

app = Celery('tasks')
app.conf.update(
    result_backend=os.environ.get('RESULT_BACKEND'),
    broker_transport_options=json.loads(os.environ.get('TRANSPORT_OPTIONS', '{}')),
    # No limit: with one, a worker that holds back a task with a countdown is slow to look for the next.
    # Alone in its process it runs each message before it takes another, so the order stays the queues'.
    worker_prefetch_multiplier=0,
    broker_connection_retry_on_startup=True,
    accept_content=['json', 'yaml', 'msgpack'],
    # RabbitMQ: every client must declare a queue with the same arguments.
    task_queue_max_priority=int(os.environ.get('QUEUE_MAX_PRIORITY', 0)) or None,
)


@app.task(bind=True, name='tasks.note')
def note(self, *args, **kwargs):
    return 'noted'


@app.task(bind=True, name='tasks.note_quietly', ignore_result=True)
def note_quietly(self, *args, **kwargs):
    return 'not requested'


@app.task(name='tasks.add')
def add(x, y):
    return x + y


@app.task(name='tasks.mul')
def mul(x, y):
    return x * y


@app.task(name='tasks.total')
def total(numbers):
    return sum(numbers)


@app.task(name='tasks.same')
def same(value):
    return value


@app.task(name='tasks.fail')
def fail(*args):
    raise ValueError('on purpose')


@app.task(name='tasks.sleep')
def sleep(seconds):
    time.sleep(seconds)
    return 'slept'


@app.task(name='tasks.linked')
def linked(value):
    return value


@app.task(name='tasks.caught')
def caught(task_id):
    return task_id


def report(kind, **what):
    os.write(3, (json.dumps({'kind': kind, 'at': time.time() * 1000, **what}, default=repr) + '\n').encode())


@worker_ready.connect
def on_ready(**_):
    report('ready')


# After the result is stored, so that a test that waits for the line may look for the result.
@task_postrun.connect
def on_ran(task, task_id, state, **_):
    request = task.request
    report(
        'ran',
        task=task.name,
        id=task_id,
        state=state,
        args=request.args,
        kwargs=request.kwargs,
        eta=request.eta,
        expires=request.expires,
        queue=request.delivery_info['routing_key'],
        priority=request.delivery_info['priority'],
        headers={key: request.get(key) for key in ('periodic_task_name', 'beat_due_at', 'x-team')},
    )


@task_revoked.connect
def on_revoked(request, expired, **_):
    report('revoked', id=request.id, expired=expired)
