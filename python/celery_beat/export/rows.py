"""The entries of the settings, as the schedulers of Celery read them."""
from celery import beat

from .report import RAISED, describe, text_of


class Row:
    """An entry of the scheduler with what only some schedulers have."""

    def __init__(self, entry, enabled=True, description=None, last_run_at=None, model=None):
        self.entry = entry
        self.enabled = enabled
        self.description = description
        self.last_run_at = last_run_at
        #: What django-celery-beat stores of its runs: the fields of `MODEL`, by name.
        self.model = model


#: Of the model `PeriodicTask`.
MODEL = ('one_off', 'start_time', 'expires', 'enabled', 'total_run_count', 'last_run_at', 'date_changed')


def read_settings(app, mapping, report):
    """What `PersistentScheduler` makes of a map of settings, without its file."""
    scheduler = beat.Scheduler(app, lazy=True)
    for name, fields in mapping.items():
        try:
            scheduler.update_from_dict({name: fields})
        except RAISED as error:
            report.missing('Celery\'s beat fails at its start because of it: {}'.format(describe(error)),
                           'correct it in beat_schedule', text_of(name))
    scheduler.install_default_entries(scheduler.schedule)
    return dict(scheduler.schedule)
