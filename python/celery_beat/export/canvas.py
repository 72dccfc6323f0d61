"""Signatures as beat writes them: a task, a chain, a group or a chord."""
from .values import as_argument

CANVAS = ('celery.chain', 'celery.group', 'celery.chord')


def _own_options(task, args, kwargs, options):
    return options


def export_signature(signature, options_of=_own_options):
    """A signature as data, without what is empty. Raises `NotPlain`.

    `options_of(task, args, kwargs, options)` returns the options of a task that beat publishes itself; workers
    publish the others.
    """
    return _export(as_argument(signature), options_of)


def _export(signature, options_of):
    if isinstance(signature, str):
        return signature
    task, args, kwargs = signature['task'], signature.get('args') or [], signature.get('kwargs') or {}
    options = {key: value for key, value in (signature.get('options') or {}).items() if value is not None}
    for key in ('link', 'link_error'):
        if key in options:
            links = options[key] if isinstance(options[key], list) else [options[key]]
            options[key] = [_export(link, _own_options) for link in links]
    exported = {}
    if task == 'celery.chain':
        first, rest = kwargs['tasks'][0], kwargs['tasks'][1:]
        exported['chain'] = [_export(first, options_of)] + _each(rest, _own_options)
    elif task == 'celery.group':
        exported['group'] = _each(kwargs['tasks'], options_of)
    elif task == 'celery.chord':
        header = kwargs['header']
        # A header is a list, or a group of its tasks.
        tasks = header['kwargs']['tasks'] if isinstance(header, dict) else header
        body = _export(kwargs['body'], _own_options)
        exported['chord'] = {'header': _each(tasks, options_of), 'body': body}
    else:
        exported.update(task=task)
        if args:
            exported['args'] = args
        if kwargs:
            exported['kwargs'] = kwargs
        options = options_of(task, args, kwargs, options)
    if options:
        exported['options'] = options
    if signature.get('immutable'):
        exported['immutable'] = True
    return exported


def _each(signatures, options_of):
    return [_export(signature, options_of) for signature in signatures]


def signature_of(entry):
    """The signature that `add_periodic_task` made an entry of."""
    kind = entry.task.split('.')[-1] if entry.task in CANVAS else None
    return {
        'task': entry.task, 'args': list(entry.args or ()), 'kwargs': dict(entry.kwargs or {}), 'options': {},
        'subtask_type': kind, 'immutable': False,
    }


def published_tasks(signature):
    """The names of the tasks that a scheduler publishes for a signature; workers publish the others."""
    if isinstance(signature, str):
        return [signature]
    task, kwargs = signature['task'], signature.get('kwargs') or {}
    if task not in CANVAS:
        return [task]
    if task == 'celery.chain':
        parts = kwargs['tasks'][:1]
    else:
        parts = kwargs['tasks'] if task == 'celery.group' else kwargs['header']
    if isinstance(parts, dict):
        parts = parts['kwargs']['tasks']
    return [name for part in parts for name in published_tasks(part)]
