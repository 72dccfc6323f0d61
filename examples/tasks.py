"""The worker with the tasks of schedules/default.yaml.

    celery -A examples.tasks worker -l info
    celery -A examples.tasks -b redis://localhost:6379/0 worker -l info
"""

from celery import Celery
from celery.utils.log import get_task_logger

# The same URL as for beat. A broker on the command line or in CELERY_BROKER_URL overrides it.
app = Celery('tasks', broker='sqla+sqlite:///beat.sqlite')

log = get_task_logger(__name__)


# The name is the `task` of an entry. Without it, Celery uses module and function.
@app.task(name='tasks.add')
def add(x, y):
    return x + y


@app.task(name='tasks.greet')
def greet(name):
    log.info('Hello %s', name)


@app.task(name='tasks.cleanup', bind=True)
def cleanup(self):
    # beat sends two headers with every task: the entry, and the instant at which it was due.
    request = self.request
    log.info('%s, due at %s', request.get('periodic_task_name'), request.get('beat_due_at'))
