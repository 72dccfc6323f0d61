"""Records how Celery writes Python's own values in arguments: one JSON line per value, on standard output.

    python3 test/conformance/typed_values.py > test/conformance/typed-values.jsonl

Needs kombu 5.3 or newer: older ones write these values as plain text. `json` is kombu's JSON, `repr` Celery's
`saferepr` with its 1024 characters.
"""
import datetime as dt
import json
import uuid
from decimal import Decimal

import celery
import kombu
from celery.utils.saferepr import saferepr
from kombu.utils.json import dumps

EAST = dt.timezone(dt.timedelta(hours=5, minutes=30))
WEST = dt.timezone(-dt.timedelta(hours=3, minutes=30))
VALUES = [
    *[dt.datetime(2020, 1, 2, *rest) for rest in [(), (3, 4), (3, 4, 5), (3, 4, 5, 6), (3, 4, 0, 60000), (23, 59, 59, 999999)]],
    *[dt.datetime(2020, 12, 31, 3, 4, 5, 6, tzinfo=zone) for zone in [dt.timezone.utc, EAST, WEST]],
    *[dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, tzinfo=dt.timezone.utc), dt.datetime(2024, 2, 29)],
    *[dt.date(2020, 1, 2), dt.date(1, 1, 1), dt.date(9999, 12, 31)],
    *[dt.time(*parts) for parts in [(), (12, 30), (12, 30, 1), (12, 30, 0, 1), (23, 59, 59, 999999)]],
    *[dt.time(12, 30, tzinfo=zone) for zone in [dt.timezone.utc, EAST, WEST]],
    *[Decimal(text) for text in ['1.50', '-0', '1E+3', '1E-7', '0.1000', 'NaN', 'Infinity', '12345678901234567890.5']],
    *[uuid.UUID(int=5), uuid.UUID('c7bbb4a2-1e18-43b0-8eb9-d09113fc7155')],
    *[b'', b'hi', b"it's", 'tøy 🎺'.encode(), b'a\nb', b'\xff', b'\x00\xfe', b'h' * 1024, b'h' * 1025, b'\xff' * 600],
]
NESTED = [
    [Decimal('1.50'), {'when': dt.datetime(2020, 1, 2, tzinfo=dt.timezone.utc), 'raw': [b'hi', uuid.UUID(int=5)]}],
    [[[dt.date(2020, 1, 2), [b'too deep']]]],
    *[['x' * n, dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=dt.timezone.utc), 1] for n in range(940, 1020, 8)],
    *[['x' * n, b'y' * 40, 1] for n in range(970, 1020, 8)],
]

print(json.dumps({"celery": celery.__version__, "kombu": kombu.__version__}))
for v in VALUES + NESTED:
    print(json.dumps({"json": dumps(v), "repr": saferepr(v, 1024)}))
