"""The scheduler of `celery beat -S celery_beat` and `celery worker --beat -S celery_beat`."""
import logging
import os
import sys
import threading

from billiard import current_process
from celery import beat
from celery.exceptions import ImproperlyConfigured
from celery.utils.log import get_logger

from .export.clients import describe_missing_client
from .parent import end_with_parent, stop_parent
from .start import NotStarted, prepare_beat, remove_pidfile
from .supervise import reset_signals, supervise

logger = get_logger('celery.beat')


class Scheduler(beat.Scheduler):
    """Runs beat with all that the app has: entries, settings, routes, options of tasks."""

    info = '    . entries -> read from the app once, when beat starts'

    def __init__(self, app, *args, **kwargs):
        missing = describe_missing_client(app)
        if missing is not None:
            # Celery would end with a traceback when it prints the URL of the broker.
            sys.exit('beat: not started: {}'.format(missing))
        super().__init__(app, *args, **kwargs)

    def tick(self, *args, **kwargs):
        """Starts beat, and does not return. By the first tick Celery has set up logs, privileges and pidfile."""
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError('celery_beat replaces its process, so it cannot run in a thread')
        # That of `celery worker --beat`.
        embedded = isinstance(current_process(), beat._Process)
        if embedded:
            end_with_parent()
        try:
            prepare = prepare_beat(self.app, embedded)
            if embedded:
                supervise(prepare, logger)
                _exit(0)
            _become(prepare())
        except NotStarted as error:
            logger.critical('beat: not started: %s', error)
        except Exception as error:
            # A database that the app's scheduler cannot reach, for example.
            explained = isinstance(error, (ImproperlyConfigured, ImportError))
            logger.critical('beat: not started: %s: %s', type(error).__name__, error, exc_info=not explained)
        if embedded:
            # The worker would go on without a schedule, and look well from outside.
            logger.critical('beat: the worker stops too, because its beat cannot start')
            stop_parent()
        else:
            remove_pidfile()
        _exit(1)


def _become(arguments):
    """Replaces this process with beat."""
    remove_pidfile()
    _flush()
    reset_signals()
    os.execv(arguments[0], arguments)


def _exit(code):
    """Ends the process at once; Celery takes `SystemExit` for a regular end, and exits with 0."""
    logging.shutdown()
    _flush()
    os._exit(code)


def _flush():
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None:
            stream.flush()
