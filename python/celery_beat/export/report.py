"""What beat does not do as the app's own beat does."""

#: What code of a project may raise while it is read: `str()` and `==` of its objects are its code, too.
RAISED = (Exception, SystemExit)

#: Characters of a value or an error in a line.
LONGEST = 300


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
    try:
        name, module = getattr(thing, '__qualname__', None), getattr(thing, '__module__', None)
    except RAISED:
        name = module = None
    if not isinstance(name, str):
        return path_of(type(thing))
    return '{}.{}'.format(module if isinstance(module, str) else '?', name)


def describe(error):
    """An exception in one line."""
    try:
        text = one_line(str(error))
    except RAISED:
        text = ''
    return '{}: {}'.format(type(error).__name__, text) if text else type(error).__name__


def show(value):
    """A value in one line."""
    try:
        return one_line(repr(value))
    except RAISED:
        return 'an object of {}'.format(path_of(type(value)))


def one_line(text):
    line = ' '.join(text.split())
    return line if len(line) <= LONGEST else line[:LONGEST] + '…'


def text_of(name):
    """A name as text that every encoding has, also for a name that is another object."""
    try:
        text = str.__str__(name) if isinstance(name, str) else str(name)
    except RAISED:
        text = path_of(type(name))
    return text.encode('utf-8', 'backslashreplace').decode('utf-8')
