"""The entries of django-celery-beat: the rows of its table, and what its start makes of the settings."""
import json
from collections.abc import Mapping

from .report import RAISED, describe, path_of
from .rows import MODEL, Row, read_settings

#: What an entry of the settings may have for every scheduler.
FIELDS = {'task', 'schedule', 'args', 'kwargs', 'options', 'relative'}
#: What django-celery-beat writes into its table of the options of such an entry; it ignores all others.
STORED_OPTIONS = {'queue', 'exchange', 'routing_key', 'priority', 'headers', 'expire_seconds'}


def read_django(app, cls, report):
    # Not set up, because that writes into the tables.
    scheduler = cls(app, lazy=True)
    rows = {}
    for model in scheduler.Model.objects.all().order_by('name'):
        try:
            row = _django_row(app, scheduler, model, report)
        except RAISED as error:
            row = report.missing('django-celery-beat cannot read it: {}'.format(describe(error)), 'correct it', model.name)
        if row is not None:
            rows[model.name] = row
    # A start of beat writes the entries of the settings into the table, over those with the same names.
    settings, own = {}, {}
    for name, fields in app.conf.beat_schedule.items():
        if isinstance(fields, Mapping):
            settings[name], own[name] = _split(name, fields, cls, report)
        else:
            settings[name] = fields
    for name, entry in read_settings(app, settings, report).items():
        rows[name] = _with_settings(rows.get(name), entry, own.get(name, {}))
    return rows


def _split(name, fields, cls, report):
    """Returns what an entry of the settings has for every scheduler, and what the table has beside it."""
    common = {key: value for key, value in fields.items() if key in FIELDS and key != 'relative'}
    own = {key: value for key, value in fields.items() if key not in FIELDS}
    options = fields.get('options') or {}
    # A field beside `options` is overwritten by the option of that name, or by its absence.
    ignored = sorted((set(options) - STORED_OPTIONS) | (set(own) & STORED_OPTIONS))
    if ignored:
        report.note('django-celery-beat ignores in the settings of it: {}'.format(', '.join(ignored)),
                    'beat sends it without, too; write them into the options in the file if you want them', name)
    common['options'] = {key: value for key, value in options.items() if key in STORED_OPTIONS}
    if common['options'].get('expire_seconds') is not None:
        common['options']['expires'] = common['options'].pop('expire_seconds')
    own = {key: value for key, value in own.items() if key not in STORED_OPTIONS}
    unknown = sorted(set(own) - {'enabled', 'one_off', 'start_time', 'expires', 'description'})
    if unknown:
        report.different('its entry in the settings has {}, which {} reads'.format(', '.join(unknown), path_of(cls)),
                         'write what it does into the entry', name)
    return common, own


def _with_settings(stored, entry, own):
    """The row that an entry of the settings becomes; the table keeps what the settings do not name."""
    model = dict(stored.model if stored else NEW, **{key: value for key, value in own.items() if key in MODEL})
    if model['expires'] is not None:
        entry.options['expires'] = model['expires']
    return Row(
        entry,
        enabled=model['enabled'],
        description=own.get('description', stored.description if stored else None),
        last_run_at=model['last_run_at'],
        model=model,
    )


#: A row that the next start of beat writes.
NEW = dict(dict.fromkeys(MODEL), one_off=False, enabled=True, total_run_count=0)


def _django_row(app, scheduler, model, report):
    try:
        json.loads(model.args or '[]'), json.loads(model.kwargs or '{}')
    except ValueError as error:
        # The scheduler disables it.
        report.missing('its arguments in the table are not JSON: {}'.format(error), 'correct them', model.name)
        return None
    # An entry changes its model: without a last run, it gets one.
    fields = {key: getattr(model, key) for key in MODEL}
    entry = scheduler.Entry(model, app=app)
    if entry.options.get('headers', {}).get('periodic_task_name') == model.name:
        # beat sets this header too.
        del entry.options['headers']['periodic_task_name']
    return Row(
        entry,
        enabled=model.enabled,
        description=model.description or None,
        last_run_at=fields['last_run_at'],
        model=fields,
    )
