"""A worker for the tasks of schedules/default.yaml. From the folder that beat runs in:

    celery -A examples.tasks worker -l info

CELERY_BROKER_URL, where it is set, wins over the broker named here.
"""

from celery import Celery

app = Celery('tasks', broker='sqla+sqlite:///beat.sqlite')


@app.task(name='tasks.add')
def add(x, y):
    return x + y


@app.task(name='tasks.greet')
def greet(name):
    print(f'Hello, {name}!')


@app.task(name='tasks.cleanup')
def cleanup():
    print('cleaned up')
