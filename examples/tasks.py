"""The worker side: the tasks that schedules/default.yaml asks for.

    celery -A examples.tasks worker -l info
    celery -A examples.tasks -b redis://localhost:6379/0 worker -l info
"""

from celery import Celery
from celery.utils.log import get_task_logger

# The same URL as beat's. A broker given on the command line or as CELERY_BROKER_URL wins over it.
app = Celery('tasks', broker='sqla+sqlite:///beat.sqlite')

log = get_task_logger(__name__)


# The name is what an entry's `task` says. Without one, Celery makes it of the module and the function.
@app.task(name='tasks.add')
def add(x, y):
    return x + y


@app.task(name='tasks.greet')
def greet(name):
    log.info('Hello %s', name)


@app.task(name='tasks.cleanup', bind=True)
def cleanup(self):
    # What beat tells every task: the entry it runs for, and the instant that it was due at.
    request = self.request
    log.info('%s, due at %s', request.get('periodic_task_name'), request.get('beat_due_at'))
