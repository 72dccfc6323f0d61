"""Records where Celery's `send_task` sends tasks: one JSON line per configuration, with a case per call.

    python3 test/conformance/routing.py > test/conformance/routing.jsonl

Settings are written as beat reads them: queues of a list as maps, and as the keys of pairs `re:` before a
regular expression. `to` is what kombu was asked to publish to and to declare; `null` where Celery refuses.
"""

import json
import re

import kombu
from celery import Celery
from kombu.common import Broadcast

CONFIGS = [
    {},
    {"task_default_queue": "dq"},
    {"task_default_queue": "dq", "task_default_exchange": "dx", "task_default_routing_key": "drk"},
    {"task_default_queue": "work", "task_default_exchange": "jobs",
     "task_default_routing_key": "jobs.work", "task_default_exchange_type": "topic"},
    {"task_default_exchange_type": "fanout", "task_default_delivery_mode": 1},
    {"task_queues": {
        "feeds": {"exchange": "media", "exchange_type": "topic", "routing_key": "feeds.#"},
        "web": {},
        "old": {"exchange": "old", "binding_key": "bound", "routing_key": "routed"},
    }},
    {"task_queues": {"celery": {"exchange": "mine"}, "slow": {"exchange": "mine", "delivery_mode": 1}},
     "task_create_missing_queues": False},
    {"task_queues": [
        {"name": "plain"},
        {"name": "media", "exchange": {"name": "media", "type": "direct"}, "routing_key": "media.video"},
        {"name": "many", "bindings": [
            {"exchange": "jobs", "routing_key": "a"}, {"exchange": "more", "routing_key": "b"}]},
        {"name": "transient", "exchange": {"name": "tx", "type": "topic", "delivery_mode": 1},
         "routing_key": "t.#", "alias": "nick"},
        {"name": "bc", "broadcast": True},
    ]},
    {"task_default_exchange_type": "topic", "task_queues": [{"name": "plain"}, {"name": "celery"}]},
    {"task_create_missing_queue_exchange_type": "topic", "task_default_queue": "dq"},
    {"task_routes": {"feeds.*": {"queue": "feeds"}, "web.fetch": "web", "web.*": {"queue": "rest"},
                     "q?.*": "questions", "x?": "exact", "[ab].*": {"priority": 3},
                     "top.*": {"exchange": "media", "exchange_type": "topic", "routing_key": "media.top"},
                     "half.*": {"exchange": "media"}}},
    {"task_routes": [
        [["feeds.import", {"queue": "first", "priority": 5}], ["re:(web|feeds)\\.", {"queue": "expr"}]],
        {"web.fetch": "late", "*": {"queue": "all", "routing_key": "any", "delivery_mode": 1}},
    ]},
    {"task_queues": {"feeds": {"exchange": "media", "exchange_type": "topic", "routing_key": "f.#"}},
     "task_routes": {"feeds.*": {"queue": "feeds", "routing_key": "f.import"},
                     "web.*": {"queue": "nowhere"}},
     "task_queue_max_priority": 9},
]
TASKS = ["feeds.import", "web.fetch", "web.fetch.all", "qa.x", "x?", "xy", "b.c", "top.one", "half.one", "re.feeds."]
OPTIONS = [
    {},
    {"queue": "other"},
    {"queue": "feeds"},
    {"queue": "feeds", "routing_key": "f.x"},
    {"queue": "plain"},
    {"queue": "media"},
    {"queue": "many"},
    {"queue": "nick"},
    {"queue": "transient", "delivery_mode": 2},
    {"queue": "bc"},
    {"queue": "slow"},
    {"queue": "old"},
    {"routing_key": "alone"},
    {"exchange": "alone"},
    {"exchange": "named", "routing_key": "key"},
    {"exchange": "named", "routing_key": "key", "exchange_type": "topic", "queue": "feeds"},
    {"exchange": "fan", "exchange_type": "fanout"},
    {"exchange": "", "routing_key": "x"},
    {"exchange_type": "topic"},
    {"priority": 7},
    {"queue": None, "priority": None, "delivery_mode": None},
]


def exchange_of(spec):
    return kombu.Exchange(**spec) if isinstance(spec, dict) else kombu.Exchange(spec)


def queue_of(spec):
    spec = dict(spec)
    if spec.pop("broadcast", False):
        return Broadcast(spec.pop("name"), **spec)
    if "exchange" in spec:
        spec["exchange"] = exchange_of(spec["exchange"])
    if "bindings" in spec:
        spec["bindings"] = [kombu.binding(exchange_of(b["exchange"]), b["routing_key"])
                            for b in spec["bindings"]]
    return kombu.Queue(**spec)


def key_of(key):
    return re.compile(key[3:]) if key.startswith("re:") else key


def route_of(route):
    return [(key_of(k), v) for k, v in route] if isinstance(route, list) else route


def conf_of(config):
    conf = dict(config)
    if isinstance(conf.get("task_queues"), list):
        conf["task_queues"] = [queue_of(spec) for spec in conf["task_queues"]]
    if isinstance(conf.get("task_routes"), list):
        conf["task_routes"] = [route_of(route) for route in conf["task_routes"]]
    return conf


class Recorder:
    connection = None

    def publish(self, body, exchange=None, routing_key=None, declare=None, delivery_mode=None, **rest):
        queues = []
        for queue in declare or []:
            bindings = {(b.exchange.name, b.exchange.type, b.routing_key) for b in queue.bindings}
            home = [queue.exchange.name, queue.exchange.type, queue.routing_key]
            queues.append([queue.name, [home, *map(list, sorted(bindings))], queue.queue_arguments or {}])
        self.seen = {
            "exchange": getattr(exchange, "name", exchange) or "",
            "routing_key": routing_key or "",
            "priority": rest.get("priority") or 0,
            "delivery_mode": delivery_mode,
            "declared": queues,
        }


def call(config, task, options):
    app = Celery(broker="memory://", set_as_current=False)
    app.conf.update(conf_of(config))
    recorder = Recorder()
    message = None
    try:
        routed = app.amqp.router.route(dict(options), task, (), {})
        message = app.amqp.create_task_message("id", task, (), {}, **routed)
        app.amqp.send_task_message(recorder, task, message, **routed)
    except Exception:
        return None
    return recorder.seen


for config in CONFIGS:
    calls = [[task, {}] for task in TASKS] + [["web.fetch", options] for options in OPTIONS]
    cases = [{"task": task, "options": options, "to": call(config, task, options)} for task, options in calls]
    print(json.dumps({"config": config, "cases": cases}))
