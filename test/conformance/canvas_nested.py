"""Records what Celery's canvas sends: one JSON line per canvas, on standard output.

    python3 test/conformance/canvas_nested.py > test/conformance/canvas-nested.jsonl

Recorded with Celery 5.6.2. Needs no server: what would go to a broker or to the Redis result backend is kept.
"""
import json

from celery import Celery, chain, chord, group
from celery.result import AsyncResult
from kombu.utils.json import dumps

app = Celery(broker='memory://', backend='redis://')


@app.task(name='tasks.add')
def add(x, y):
    return x + y


@app.task(name='tasks.mul')
def mul(x, y):
    return x * y


@app.task(name='tasks.xsum')
def xsum(numbers):
    return sum(numbers)


CANVASES = {
    'chain-options': 'chain(add.s(1, 2), mul.s(3)).set(queue="slow", countdown=5)',
    'chain-link': 'chain(add.s(1, 2), mul.s(3)).set(link=[add.s(4)])',
    'chain-of-chains': 'chain(add.s(1, 2), chain(mul.s(3), add.s(4)), mul.s(5))',
    'chain-ends-in-group': 'chain(add.s(1, 1), group(add.s(2), mul.s(3)))',
    'chain-of-group-then-two': 'chain(group(add.s(1, 1), add.s(2, 2)), xsum.s(), add.s(1))',
    'chain-task-group-two': 'chain(add.s(1, 1), group(add.s(2), mul.s(3)), xsum.s(), add.s(4))',
    'chain-group-of-one': 'chain(add.s(1, 1), group(mul.s(3)), add.s(4))',
    'chain-of-groups': 'chain(group(add.s(1, 1), add.s(2, 2)), group(xsum.s(), xsum.s()))',
    'chain-immutable': 'chain(add.s(1, 2), add.si(3, 4).set(time_limit=10, shadow="s"), mul.s(2))',
    'chain-kwargs': 'chain(add.s(1, y=2), mul.s(y=3))',
    'group-options': 'group(add.s(1, 1), add.s(2, 2)).set(queue="g", priority=4)',
    'group-of-chains': 'group(chain(add.s(1, 1), mul.s(2)), add.s(3, 3))',
    'group-of-one': 'group([add.s(1, 1)])',
    'group-of-chords': 'group(chord([add.s(1, 1), add.s(2, 2)], xsum.s()), add.s(3, 3))',
    'group-link-error': 'linked_group()',
    'chord-body-chain': 'chord([add.s(1, 1), add.s(2, 2)], chain(xsum.s(), add.s(3)))',
    'chord-of-one': 'chord([add.s(1, 1)], xsum.s())',
    'chord-of-chords': 'chord([chord([add.s(1, 1), add.s(2, 2)], xsum.s()), add.s(3, 3)], xsum.s())',
    'chord-link': 'linked_chord()',
    'chord-then-task': 'chain(chord([add.s(1, 1), add.s(2, 2)], xsum.s()), add.s(5))',
    'task-then-chord': 'chain(add.s(1, 1), chord([add.s(1), add.s(2)], xsum.s()))',
    'task-options': 'add.s(1, 2).set(queue="q", soft_time_limit=5, task_id="fixed", headers={"x": "y"})',
    'link-chain': 'add.s(1, 2).set(link=[chain(mul.s(3), add.s(4))])',
    'link-chord': 'add.s(1, 2).set(link=[chord([add.s(3), mul.s(4)], xsum.s().set(queue="s"))])',
}


def linked_group():
    canvas = group(add.s(1, 1), add.s(2, 2))
    canvas.link_error(xsum.si([]))
    return canvas


def linked_chord():
    canvas = chord([add.s(1, 1), add.s(2, 2)], xsum.s())
    canvas.link(add.s(6))
    return canvas


class Kept:
    def __init__(self):
        self.messages, self.keys = [], {}
        backend = app.backend
        backend.set = self.keys.__setitem__
        backend.on_task_call = lambda producer, task_id: None
        app.amqp.__dict__['send_task_message'] = self.keep
        # The results of groups are told of theirs through a connection.
        AsyncResult.then = lambda result, callback, **options: None

    def keep(self, producer, name, message, exchange=None, routing_key=None, queue=None, **options):
        options = {key: value for key, value in options.items() if key in ('priority', 'headers')}
        self.messages.append({
            'headers': {**message.headers, **options.pop('headers', {})},
            'reply_to': message.properties['reply_to'],
            'queue': (queue if isinstance(queue, str) else queue.name) if queue else routing_key,
            'body': message.body,
            **options,
        })


for name, text in CANVASES.items():
    canvas = eval(text)
    signature = json.loads(dumps(canvas))
    kept = Kept()
    canvas.apply_async()
    keys = {key.decode(): str(value) for key, value in kept.keys.items()}
    print(dumps({'name': name, 'python': text, 'signature': signature, 'messages': kept.messages, 'keys': keys}))
