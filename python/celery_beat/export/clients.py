"""The client of the broker, without which Celery cannot send anything."""
import sys

from .report import RAISED, describe

#: The names of clients among the extras of Celery.
EXTRAS = {'redis': 'redis', 'rediss': 'redis', 'sentinel': 'redis', 'sqs': 'sqs', 'sqla': 'sqlalchemy'}


def describe_missing_client(app):
    """A sentence about a client that is not installed in this Python, with what to do; `None` if there is one."""
    try:
        connection = app.connection_for_write()
        # kombu looks for the client when this is read first, or before.
        connection.transport
    except (ImportError, AttributeError) as error:
        return _describe(app, error)
    except RAISED:
        # A setting that cannot be read has a line of its own.
        return None
    return None


def _describe(app, error):
    scheme = str(app.conf.broker_write_url or app.conf.broker_url).split('://')[0].split('+')[0]
    extra = EXTRAS.get(scheme)
    advice = "pip install 'celery[{}]'".format(extra) if extra else 'install it there'
    return 'the broker is {}://, and {} has no client for it ({}): {}'.format(
        scheme, sys.executable, describe(error), advice)
