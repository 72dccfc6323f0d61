"""What a real worker with a quorum queue runs in tests. It reports it on file descriptor 3, as in celery_tasks.py."""

import json
import os
import time

from celery import Celery
from celery.signals import worker_ready
from kombu import Exchange, Queue

app = Celery('tasks')
app.conf.update(
    task_queues=[
        Queue(
            'work',
            Exchange('jobs', type='topic'),
            routing_key='jobs.#',
            queue_arguments={'x-queue-type': 'quorum'},
        )
    ],
    task_default_queue='work',
    broker_connection_retry_on_startup=True,
)


def report(kind, **what):
    os.write(3, (json.dumps({'kind': kind, 'at': time.time() * 1000, **what}) + '\n').encode())


@app.task(bind=True, name='tasks.note')
def note(self):
    key = self.request.delivery_info['routing_key']
    report('ran', id=self.request.id, eta=self.request.eta, routing_key=key)


@worker_ready.connect
def on_ready(**_):
    report('ready')
