"""Reads bodies as a worker does, and says of each that it did not read as it was meant.

One JSON line a body on standard input: `content_type`, `content_encoding`, `compression` (or null), `body` (base64),
and `meant`: the same value in JSON as kombu writes it. `exact` asks for the same bytes as PyYAML. One JSON line
on standard output: the list of complaints.
"""
import base64
import datetime
import decimal
import json
import sys
import uuid

import kombu
import yaml
from kombu.compression import decompress
from kombu.serialization import enable_insecure_serializers, loads

enable_insecure_serializers(['yaml', 'msgpack'])

TYPES = {
    'datetime': datetime.datetime.fromisoformat,
    'date': datetime.date.fromisoformat,
    'time': datetime.time.fromisoformat,
    'decimal': decimal.Decimal,
    'uuid': lambda value: uuid.UUID(**value),
    'bytes': str.encode,
    'base64': base64.b64decode,
}
KNOWS_TYPES = tuple(int(n) for n in kombu.__version__.split('.')[:2]) >= (5, 3)


def typed(o):
    return TYPES[o['__type__']](o['__value__']) if o.keys() == {'__type__', '__value__'} else o


def canonical(o):
    """Text that differs for 1 and 1.0, and for -0.0 and 0.0, finds NaN equal to itself, and knows no order of keys."""
    if isinstance(o, dict):
        return '{%s}' % ', '.join(sorted('%r: %s' % (k, canonical(v)) for k, v in o.items()))
    if isinstance(o, (list, tuple)):
        return '[%s]' % ', '.join(map(canonical, o))
    return repr(o)


def complaint(case):
    body = base64.b64decode(case['body'])
    if case['compression']:
        body = decompress(body, case['compression'])
    content_type = case['content_type']
    hook = typed if KNOWS_TYPES or content_type != 'application/json' else None
    meant = json.loads(case['meant'], object_hook=hook)
    read = loads(body, content_type, case['content_encoding'], accept=[content_type])
    if canonical(read) != canonical(meant):
        return '%s read as %s, meant was %s' % (body[:500], canonical(read)[:500], canonical(meant)[:500])
    if case.get('exact') and body != yaml.safe_dump(meant).encode():
        return '%r is written %r by PyYAML' % (body, yaml.safe_dump(meant))


def main():
    complaints = []
    for line in sys.stdin:
        case = json.loads(line)
        try:
            said = complaint(case)
        except Exception as error:
            said = '%s: %r' % (base64.b64decode(case['body'])[:500], error)
        if said:
            complaints.append(said)
    print(json.dumps(complaints))


main()
