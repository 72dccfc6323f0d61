"""Records what Celery's beat leaves in Redis for an entry, sent by its own `Scheduler.apply_entry`.

    python3 test/conformance/scheduled.py messages redis://localhost:6379/0 > test/conformance/messages-5.7.jsonl
    python3 test/conformance/scheduled.py canvas redis://localhost:6379/0 > test/conformance/canvas-5.7.jsonl

Recorded with Celery 5.7.0. The Redis database is flushed before each case, and each case has a process of its
own. The entries are those of messages.jsonl; the canvases those of canvas.jsonl and canvas_nested.py, registered
as the task that an entry names, so that beat calls their `apply_async` as it calls a task's.
"""
import json
import pathlib
import subprocess
import sys

import redis
from celery import Celery, chain, chord, group  # noqa: F401 (the cases are Python text)
from celery.beat import ScheduleEntry, Scheduler
from kombu.utils.json import dumps

HERE = pathlib.Path(__file__).parent


def lines(name):
    return [json.loads(line) for line in (HERE / name).read_text().splitlines()]


def kept(url):
    """All keys: lists, newest first, with envelopes as JSON; sets; texts."""
    client = redis.Redis.from_url(url, decode_responses=True)
    readers = {
        'list': lambda key: [json.loads(item) for item in client.lrange(key, 0, -1)],
        'set': lambda key: sorted(client.smembers(key)),
        'string': client.get,
    }
    kinds = {key: client.type(key) for key in sorted(client.keys())}
    return {key: {'type': kind, 'items': readers[kind](key)} for key, kind in kinds.items()}


def send(app, entry):
    entry = {'schedule': 60, **entry}
    Scheduler(app, lazy=True).apply_entry(ScheduleEntry(name='recorded', app=app, **entry))


def record_message(case, url):
    app = Celery(broker=url, set_as_current=False)
    app.conf.update(case.get('config') or {})
    send(app, case['entry'])
    shown = {key: case[key] for key in ('name', 'config', 'entry') if key in case}
    return {**shown, 'redis': kept(url)}


def task(*args, **kwargs):
    pass


def record_canvas(case, url):
    app = Celery(broker=url, backend=url)
    for name in ('add', 'mul', 'xsum'):
        globals()[name] = app.task(name=f'tasks.{name}')(task)
    canvas = eval(case['python'], globals())
    signature = json.loads(dumps(canvas))
    app.tasks['the canvas'] = canvas
    send(app, {'task': 'the canvas', **case.get('entry', {})})
    shown = {key: case[key] for key in ('name', 'python', 'entry') if key in case}
    return {**shown, 'signature': signature, 'redis': kept(url)}


def canvases():
    for case in [*lines('canvas.jsonl'), *lines('canvas-nested.jsonl')]:
        # Two texts call functions of canvas_nested.py.
        if '_group()' not in case['python'] and '_chord()' not in case['python']:
            yield {'name': case['name'], 'python': case['python']}
    for name in ('chain-2', 'chord', 'group-3', 'chord-of-chains'):
        case = next(case for case in lines('canvas.jsonl') if case['name'] == name)
        entry = {'options': {'headers': {'tenant': 'acme'}}}
        yield {'name': f'{name}-headers', 'python': case['python'], 'entry': entry}


def messages():
    yield from lines('messages.jsonl')
    options = {
        'message_id': 'm', 'timestamp': 1700000000, 'type': 't', 'user_id': 'u', 'app_id': 'a',
        'MessageGroupId': 'g', 'MessageDeduplicationId': 'd', 'MessageAttributes': {'k': {'StringValue': 'v'}},
        'DelaySeconds': 5, 'delay_seconds': 6, 'expires': 30,
    }
    yield {'name': 'properties', 'entry': {'task': 'tasks.add', 'args': [1, 2], 'options': options}}


CASES = {'messages': lambda: list(messages()), 'canvas': lambda: list(canvases())}
RECORD = {'messages': record_message, 'canvas': record_canvas}

kind, url, *one = sys.argv[1:]
if one:
    print(json.dumps(RECORD[kind](CASES[kind]()[int(one[0])], url)))
else:
    for i in range(len(CASES[kind]())):
        redis.Redis.from_url(url).flushdb()
        subprocess.run([sys.executable, __file__, kind, url, str(i)], check=True)
