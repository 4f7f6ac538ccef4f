"""Time zones by their IANA names: where an account's days begin and end."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from kvitt.core.errors import InvalidRequest, problem

UTC_NAME = "UTC"
_NAME = re.compile(r"[A-Z][A-Za-z0-9_+-]{0,30}(/[A-Za-z0-9_+-]{1,30}){0,2}\Z", re.ASCII)
"""The capital keeps out what is no place: `localtime`, and `right/…` whose clocks count leap seconds."""


def zone(name: str) -> ZoneInfo:
    """The zone of this name, as `Europe/Oslo`. InvalidRequest that names it when there is none."""
    try:
        if _NAME.match(name):
            return ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # no such file, none of a zone, a folder
        pass
    words = f"time_zone: {name[:50]!r} is no time zone; it is a name as Europe/Oslo or UTC"
    raise InvalidRequest(words, problem(words))
