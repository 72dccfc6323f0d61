"""When entries last ran, from the file of Celery's `PersistentScheduler`."""
import os
import shelve
import shutil
import tempfile
from datetime import timezone

from celery.utils.time import make_aware

from .report import describe

#: Of the several files that a kind of dbm makes.
SUFFIXES = ('', '.db', '.dat', '.dir', '.bak', '.pag')


class Unreadable(Exception):
    """The file is not one that this Python can read."""


def read_last_runs(path, app):
    """Returns entry → datetime with a zone."""
    files = [path + suffix for suffix in SUFFIXES if os.path.isfile(path + suffix)]
    if not files:
        raise Unreadable('there is no file {}'.format(path))
    base = path
    if path.endswith('.db') and files == [path]:
        base = path[:-3]
    with tempfile.TemporaryDirectory() as folder:
        # A copy: opening the file would wait for a beat that has it open, or change it.
        for file in files:
            shutil.copy(file, folder)
        for name in (os.path.basename(path), os.path.basename(base)):
            try:
                return _read(os.path.join(folder, name), app)
            except Unreadable:
                raise
            except Exception as error:
                reason = error
    raise Unreadable('{} is not readable by this Python: {}'.format(path, describe(reason))) from reason


def _read(path, app):
    with shelve.open(path, flag='r') as store:
        if 'entries' not in store:
            raise Unreadable('{} is not the schedule of a Celery beat: it has no entries'.format(path))
        zone = timezone.utc if store.get('utc_enabled', True) else app.timezone
        entries = store['entries']
    return {
        name: entry.last_run_at if entry.last_run_at.tzinfo else make_aware(entry.last_run_at, zone)
        for name, entry in entries.items()
        if entry.last_run_at is not None
    }
