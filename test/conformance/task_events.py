"""Records the task events of a real worker: one JSON line per case, with the messages of one task in their order.

    python3 test/conformance/task_events.py redis://127.0.0.1:6379/0 > test/conformance/task-events-5.7.jsonl

Recorded with Celery 5.2.6 and 5.7.0, in a file each. It needs a Redis that is empty, and starts a worker with two
processes, and one without (`solo`). Arguments and results are left out of the events.
"""
import base64
import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone

import redis
from celery import Celery
from celery.exceptions import Ignore, Reject

URL = sys.argv[1] if len(sys.argv) > 1 and sys.argv[1].startswith('redis') else os.environ['URL']
app = Celery('task_events', broker=URL, backend=URL)
app.conf.update(
    broker_connection_retry_on_startup=True,
    worker_send_task_events=True,
    worker_prefetch_multiplier=1,
    task_acks_late=True,
)
store = redis.Redis.from_url(URL)


@app.task(name='succeeds')
def succeeds():
    time.sleep(0.2)
    return 'done'


@app.task(name='ignores', ignore_result=True)
def ignores():
    return 'done'


@app.task(name='fails')
def fails():
    time.sleep(0.1)
    raise ValueError('on purpose')


@app.task(name='retries', bind=True, max_retries=1)
def retries(self):
    if self.request.retries == 0:
        raise self.retry(countdown=0)
    return 'second attempt'


@app.task(name='fails_after_retry', bind=True, max_retries=1)
def fails_after_retry(self):
    raise self.retry(exc=ValueError('each time'), countdown=0)


@app.task(name='loses_worker', reject_on_worker_lost=True)
def loses_worker():
    if store.incr('lost') == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return 'by another process'


@app.task(name='loses_worker_for_good')
def loses_worker_for_good():
    os.kill(os.getpid(), signal.SIGKILL)


@app.task(name='exceeds', time_limit=1)
def exceeds():
    time.sleep(30)


@app.task(name='sleeps')
def sleeps():
    time.sleep(30)


@app.task(name='rejects')
def rejects():
    raise Reject('no', requeue=False)


@app.task(name='rejects_once')
def rejects_once():
    if store.incr('rejected') == 1:
        raise Reject('later', requeue=True)
    return 'second attempt'


@app.task(name='ignored')
def ignored():
    raise Ignore()


#: Kept of each event, beside what tells the task and the worker.
KEPT = ['type', 'uuid', 'hostname', 'timestamp', 'runtime', 'exception', 'traceback', 'requeue', 'terminated', 'expired', 'signum']


def portable(event):
    kept = {key: event[key] for key in KEPT if key in event}
    kept['hostname'] = 'celery@host'
    # Its indented lines are places in the files of this machine.
    if kept.get('traceback'):
        kept['traceback'] = ''.join(line for line in kept['traceback'].splitlines(True) if not line.startswith(' '))
    return kept


def messages_of(pubsub, task_id, until, extra=1.0):
    """The messages with events of this task, until `until` seconds, or a second after its end."""
    found = []
    deadline = time.time() + until
    while time.time() < deadline:
        message = pubsub.get_message(timeout=0.1)
        if not message or message['type'] != 'pmessage':
            continue
        envelope = json.loads(message['data'])
        body = json.loads(base64.b64decode(envelope['body']))
        events = body if isinstance(body, list) else [body]
        own = [portable(e) for e in events if e.get('uuid') == task_id and e['type'] != 'task-sent']
        if not own:
            continue
        kept = own if isinstance(body, list) else own[0]
        found.append({'channel': message['channel'].decode(), 'contentType': envelope['content-type'], 'body': kept})
        ends = {'task-succeeded', 'task-failed', 'task-revoked'}
        if any(e['type'] in ends for e in own):
            deadline = min(deadline, time.time() + extra)
    return found


def record(pool, cases):
    worker = subprocess.Popen(
        [sys.executable, '-m', 'celery', '-A', 'task_events', 'worker', '-P', pool, '-c', '2', '-l', 'warning',
         '--without-gossip', '--without-mingle', '--without-heartbeat'],
        cwd=os.path.dirname(os.path.abspath(__file__)), env={**os.environ, 'URL': URL, 'PYTHONDONTWRITEBYTECODE': '1'},
        stdout=sys.stderr, stderr=sys.stderr,
    )
    pubsub = store.pubsub()
    pubsub.psubscribe('/*.celeryev/*')
    try:
        while not app.control.ping(timeout=0.5):
            pass
        for name, options, after in cases:
            sent = app.send_task(name, **options)
            time.sleep(0.5 if after else 0)
            if after:
                after(sent)
            messages = messages_of(pubsub, sent.id, 6, 3.0 if 'once' in name or 'retr' in name or 'loses' in name else 1.0)
            state = app.AsyncResult(sent.id).state
            print(json.dumps({'pool': pool, 'case': name, 'state': state, 'messages': messages}), flush=True)
    finally:
        worker.terminate()
        worker.wait()


def revoke(result):
    result.revoke(terminate=True)


if __name__ == '__main__':
    past = datetime.now(timezone.utc) - timedelta(seconds=5)
    both = [('succeeds', {}, None), ('ignores', {}, None), ('fails', {}, None), ('retries', {}, None), ('fails_after_retry', {}, None),
            ('rejects', {}, None), ('rejects_once', {}, None), ('ignored', {}, None), ('succeeds', {'expires': past}, None)]
    record('prefork', both + [('loses_worker', {}, None), ('loses_worker_for_good', {}, None), ('exceeds', {}, None), ('sleeps', {}, revoke)])
    store.delete('lost', 'rejected')
    record('solo', both)
