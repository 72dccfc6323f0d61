"""What beat does not do as the app's own beat does."""


class Report:
    """Collects problems; one that several entries share is one problem with their names."""

    def __init__(self):
        self._problems = {}

    def missing(self, what, instead, entry=None):
        """Something is not in the export."""
        self._add('missing', what, instead, entry)

    def different(self, what, instead, entry=None):
        """Something is in the export, and beat behaves differently."""
        self._add('different', what, instead, entry)

    def note(self, what, instead, entry=None):
        """The export is complete, and there is something to know."""
        self._add('note', what, instead, entry)

    def _add(self, kind, what, instead, entry):
        names = self._problems.setdefault((kind, what, instead), [])
        if entry is not None and entry not in names:
            names.append(entry)

    def as_list(self):
        return [
            {'kind': kind, 'what': what, 'instead': instead, 'entries': names}
            for (kind, what, instead), names in self._problems.items()
        ]


def path_of(thing):
    """The import path of a function, a class, or the class of any other object."""
    name = getattr(thing, '__qualname__', None)
    if name is None:
        return path_of(type(thing))
    return '{}.{}'.format(getattr(thing, '__module__', None) or '?', name)


def describe(error):
    """An exception in one line."""
    text = ' '.join(str(error).split())
    return '{}: {}'.format(type(error).__name__, text) if text else type(error).__name__
