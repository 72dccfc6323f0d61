"""Records when the events of random calendar files are, as recurring-ical-events finds them, in ics.jsonl.

Run: pip install recurring-ical-events, then python3 test/conformance/ics.py > test/conformance/ics.jsonl
"""

import json
import random
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

random.seed(12)

ZONES = ["Europe/Oslo", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe", "UTC"]
DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
FROM, UNTIL = date(2026, 9, 1), date(2027, 5, 1)

# What Outlook writes: the rules of Oslo under a name that only Windows knows.
OUTLOOK = """BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
""".splitlines()


def day():
    return date(2026, 8, 1) + timedelta(days=random.randint(0, 200))


def rule(start, is_date):
    """A rule that has its first occurrence: RFC 5545 leaves other ones open."""
    freq = random.choice(["YEARLY", "MONTHLY", "WEEKLY", "DAILY"])
    parts = [f"FREQ={freq}"]
    if random.random() < 0.5:
        parts.append(f"INTERVAL={random.randint(2, 4)}")
    if freq == "WEEKLY" and random.random() < 0.6:
        parts.append("BYDAY=" + ",".join(sorted({DAYS[start.weekday()], random.choice(DAYS)})))
    elif freq == "MONTHLY" and random.random() < 0.6:
        parts.append(f"BYDAY={(start.day - 1) // 7 + 1}{DAYS[start.weekday()]}")
    elif freq == "DAILY" and random.random() < 0.4:
        parts.append(f"BYMONTH={start.month},{start.month % 12 + 1}")
    end = random.random()
    if end < 0.3:
        parts.append(f"COUNT={random.randint(1, 12)}")
    elif end < 0.6:
        until = start + timedelta(days=random.randint(1, 200))
        if is_date:
            parts.append(f"UNTIL={until:%Y%m%d}")
        else:
            parts.append(f"UNTIL={until:%Y%m%d}T120000" + ("" if start.tzinfo is None else "Z"))
    return ";".join(parts)


def written(name, value, tzid):
    if not isinstance(value, datetime):
        return f"{name};VALUE=DATE:{value:%Y%m%d}"
    if tzid is None:
        return f"{name}:{value:%Y%m%dT%H%M%S}"
    if tzid == "UTC":
        return f"{name}:{value:%Y%m%dT%H%M%S}Z"
    return f"{name};TZID={tzid}:{value:%Y%m%dT%H%M%S}"


def event(uid):
    kind = random.choice(["date", "floating", "zoned", "zoned", "outlook"])
    lines = ["BEGIN:VEVENT", f"UID:{uid}", f"SUMMARY:Event {uid}"]
    first = day()
    tzid = {"zoned": random.choice(ZONES), "outlook": "W. Europe Standard Time"}.get(kind)
    if kind == "date":
        start = first
        length = timedelta(days=random.randint(1, 5))
    else:
        name = {"outlook": "Europe/Oslo"}.get(kind, tzid)
        zone = name and ZoneInfo(name)
        # Away from the hours of clock changes, where RFC 5545 and this library differ.
        start = datetime.combine(first, time(random.choice([6, 9, 12, 15]), 30), zone)
        length = timedelta(minutes=random.choice([30, 90, 240, 480]))
    lines.append(written("DTSTART", start, tzid))
    style = random.random()
    if style < 0.6:
        lines.append(written("DTEND", start + length, tzid))
    elif kind == "date":
        lines.append(f"DURATION:P{length.days}D")
    else:
        lines.append(f"DURATION:PT{int(length.total_seconds()) // 60}M")
    if random.random() < 0.7:
        lines.append("RRULE:" + rule(start, kind == "date"))
        recurs = True
    else:
        recurs = False
    if random.random() < 0.3:
        lines.append(written("RDATE", start + timedelta(days=random.randint(1, 60)), tzid))
    lines.append("END:VEVENT")
    if not recurs:
        return lines
    found = recurring_ical_events.of(icalendar.Calendar.from_ical(wrap(lines))).between(FROM, UNTIL)
    starts = [each["DTSTART"].dt for each in found if each["DTSTART"].dt != start]
    if starts and random.random() < 0.4:
        lines.insert(-1, written("EXDATE", starts.pop(random.randrange(len(starts))), tzid))
    if starts and random.random() < 0.5:
        changed = random.choice(starts)
        moved = changed + timedelta(days=random.randint(-2, 2))
        status = random.choice(["CONFIRMED", "CANCELLED"])
        lines += ["BEGIN:VEVENT", f"UID:{uid}", f"SUMMARY:Event {uid} moved", f"STATUS:{status}"]
        lines += [written("RECURRENCE-ID", changed, tzid), written("DTSTART", moved, tzid)]
        lines += [written("DTEND", moved + length, tzid), "END:VEVENT"]
    return lines


def wrap(lines):
    zones = OUTLOOK if any("Standard Time" in line for line in lines) else []
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *zones, *lines, "END:VCALENDAR", ""])


def instant(value, floating):
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if value.tzinfo is None:
        value = value.replace(tzinfo=floating)
    return value.astimezone(timezone.utc)


def main():
    for number in range(130):
        lines = [line for i in range(random.randint(1, 3)) for line in event(f"{number}-{i}")]
        zone = random.choice(ZONES)
        ics = wrap(lines)
        found = recurring_ical_events.of(icalendar.Calendar.from_ical(ics)).between(FROM, UNTIL)
        times = sorted(
            [instant(each[name].dt, ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M:%SZ") for name in ("DTSTART", "DTEND")]
            for each in found
            if each.get("STATUS") != "CANCELLED"
        )
        print(json.dumps({"zone": zone, "ics": ics, "times": times}))


main()
