"""Records how Celery writes arguments as text: one JSON line per value, on standard output.

    python3 test/conformance/python_text.py [COUNT [SEED]] > test/conformance/python-text.jsonl

Needs Celery 5.7 or newer for the recorded answers: older ones leave brackets open in a `saferepr` that was
cut short. `value` is plain JSON, but for `{"$int": "..."}` (an integer too large for a JavaScript number) and
`{"$float": "nan"}` (a number that JSON does not know).

Left out, because JavaScript cannot tell: floats without a fraction below 2^53 (2.0 is 2 there), and keys that
look like an array index (they change their place there).
"""
import json
import math
import random
import sys

import celery
import kombu
from celery.utils.saferepr import saferepr
from kombu.utils.json import dumps

ALPHABETS = [
    "abcdefghijklmnopqrstuvwxyz_ ",
    "it's a \"quoted\" \\ text\n\t\r\b\f\x00\x1f\x7f/",
    "åøæÅØÆß\u2028\u2029 …芹菜",
    "😀𝔘👩‍🚀é\u0301 \ufeff\uffff\ud83d",
]
EDGES = [
    0, 1, -1, 2**31, 2**53 - 1, -(2**53) + 1, 2**53, 2**63, -(10**30),
    0.1, -0.0, 1.5, 1e-4, 1e-5, 9.999e-5, 1e-7, 5e-324, 1.7976931348623157e308, 1e15 + 0.5, 2.0**53, 1e16,
    123456789012345680.0, 1e20, 1e21, 1e22, 1.5e300, 3.141592653589793, 1 / 3,
    math.nan, math.inf, -math.inf, True, False, None, "", [], {},
]
# Depth, width, length of texts: deep and narrow, flat and wide, and such as `saferepr` cuts.
SHAPES = [(6, 4, 20), (2, 12, 60), (3, 20, 30), (1, 3, 1500)]
LONGEST = 2500
# Where `saferepr` runs out of its 1024 characters: within a text, at each bracket and separator, in a key.
BORDERS = [["x" * n, 1, [2, {"a b": "c d"}], "it's"] for n in range(990, 1024, 2)] + [
    {"k " * n: [1.5, None], "z": [[["deep"]]]} for n in range(505, 514)
] + [["😀" * 40, "y" * n, 7, 8] for n in range(962, 982, 2)]


def text(r, longest):
    return "".join(r.choice(r.choice(ALPHABETS)) for _ in range(r.randrange(longest))).replace("\ud83d", "\ud83d ")


def number(r):
    while True:
        kind = r.randrange(4)
        if kind == 0:
            n = r.randrange(-1000, 1000)
        elif kind == 1:
            n = r.randrange(-(10**30), 10**30)
        elif kind == 2:
            n = r.uniform(-1, 1) * 10.0 ** r.randrange(-320, 308)
        else:
            n = round(r.uniform(-1000, 1000), r.randrange(6))
        if not (isinstance(n, float) and n.is_integer() and abs(n) < 2**53):
            return n


def scalar(r, longest):
    kind = r.randrange(6)
    if kind < 3:
        return text(r, longest)
    return number(r) if kind < 5 else r.choice(EDGES)


def value(r, depth, width, longest):
    kind = r.randrange(3) if depth > 0 else 2
    if kind == 0:
        return [value(r, depth - 1, width, longest) for _ in range(r.randrange(width))]
    if kind == 1:
        return {
            "k" + text(r, 12): value(r, depth - 1, width, longest) for _ in range(r.randrange(width))
        }
    return scalar(r, longest)


def tagged(o):
    if isinstance(o, list):
        return [tagged(v) for v in o]
    if isinstance(o, dict):
        return {k: tagged(v) for k, v in o.items()}
    if isinstance(o, bool):
        return o
    if isinstance(o, int) and abs(o) >= 2**53:
        return {"$int": str(o)}
    if isinstance(o, float) and not math.isfinite(o):
        return {"$float": str(o)}
    return o


def main(count=250, seed=1):
    r = random.Random(seed)
    values = EDGES + BORDERS
    while len(values) < count:
        made = value(r, *r.choice(SHAPES))
        if len(dumps(made)) < LONGEST:
            values.append(made)
    print(json.dumps({"celery": celery.__version__, "kombu": kombu.__version__}))
    for v in values:
        print(json.dumps({"value": tagged(v), "json": dumps(v), "repr": saferepr(v, 1024)}))


main(*map(int, sys.argv[1:]))
