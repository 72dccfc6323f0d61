"""Records which names match a glob by Celery's `MapRoute`: one JSON line per glob, made at random from a seed.

    python3 test/conformance/globs.py > test/conformance/globs.jsonl

`matches` holds the names that match, `others` those that do not.
"""

import json
import random

from celery.app.routes import MapRoute

PIECES = ["*", "*", "?", "a", "b", "ab", "-", ".", "_", "^", "\\", "[", "]", "!", "|", "&&", "(", "é", "🥬"]
MEMBERS = ["a", "b", "c", "-", "-", "!", "]", "[", "^", "\\", "&", "~", "|", ".", "é", "🥬"]
LETTERS = "abc-.!]^[\\é🥬"

random.seed(8)


def piece():
    if random.random() < 0.25:
        return "[" + random.choice(["", "!"]) + "".join(random.choices(MEMBERS, k=random.randint(0, 6))) + "]"
    return random.choice(PIECES)


def name(glob):
    """Near to the glob, so that many match: its own signs, with some exchanged for others."""
    signs = [s if random.random() < 0.7 else random.choice(LETTERS) for s in glob if s not in "*?[]!" or random.random() < 0.3]
    return "".join(signs)


for _ in range(1500):
    pieces = [piece() for _ in range(random.randint(0, 6))]
    pieces.insert(random.randint(0, len(pieces)), "*")
    glob = "".join(pieces)
    names = {"", *(name(glob) for _ in range(12)), *("".join(random.choices(LETTERS, k=random.randint(1, 5))) for _ in range(8))}
    route = MapRoute({glob: {"queue": "q"}})
    matches = sorted(n for n in names if route(n))
    print(json.dumps({"glob": glob, "matches": matches, "others": sorted(names - set(matches))}, ensure_ascii=False))
