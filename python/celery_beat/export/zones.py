"""Names of time zones of any library."""
from datetime import datetime, timedelta


def zone_name(zone):
    """The IANA name of a tzinfo or a name; `None` if it has none."""
    if zone is None or isinstance(zone, str):
        return zone
    for attribute in ('key', 'zone', 'name'):  # zoneinfo, pytz, pendulum
        name = getattr(zone, attribute, None)
        if isinstance(name, str) and name:
            return name
    file = getattr(zone, '_filename', None)  # dateutil
    if isinstance(file, str) and '/' in file:
        return file.split('/zoneinfo/')[-1]
    return _fixed_name(zone)


def _fixed_name(zone):
    offsets = {zone.utcoffset(datetime(2021, month, 1)) for month in (1, 7)}
    if offsets == {timedelta(0)}:
        return 'UTC'
    offset = offsets.pop() if len(offsets) == 1 else None
    if offset is None or type(zone).__module__ != 'datetime' or offset % timedelta(hours=1):
        return None
    hours = int(offset / timedelta(hours=1))
    # POSIX's sign: zones east of Greenwich have a minus.
    return 'Etc/GMT{:+d}'.format(-hours)
