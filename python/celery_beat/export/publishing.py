"""What a project publishes while it is loaded: recorded, not sent."""
from kombu import Producer
from kombu.pidbox import Mailbox

from .report import Report


class Publishing:
    """Records the messages of all producers, except those that have a `_publish` of their own."""

    def __init__(self):
        self._counts = {}

    def start(self):
        def _publish(producer, body, priority, content_type, content_encoding, headers, properties, routing_key,
                     mandatory, immediate, exchange, *rest, **named):
            if 'hostname' in (headers or {}):
                return  # a task-sent event
            name = (headers or {}).get('task') or 'a message to {} {}'.format(exchange or 'the queue', routing_key)
            self._count(name)

        def _broadcast(mailbox, command, *args, **kwargs):
            self._count('the remote control request {}'.format(command))

        Producer._publish = _publish
        # It connects before it publishes.
        Mailbox._broadcast = _broadcast

    def _count(self, name):
        self._counts[name] = self._counts.get(name, 0) + 1

    def problems(self):
        report = Report()
        for name, count in self._counts.items():
            times = '' if count == 1 else ' {} times'.format(count)
            report.different(
                'the project sends {}{} when Celery\'s beat starts, because its code does so while it is loaded; beat does not load it'.format(name, times),
                'send it where a worker starts (worker_ready), or as an entry')
        return report.as_list()
