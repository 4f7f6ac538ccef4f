"""How far a clock may be moved, and durations as ISO 8601 writes them."""

from __future__ import annotations

import re
from datetime import timedelta

from kvitt.core.errors import problem
from kvitt.sandbox.rules.refusals import InvalidAdvance

FURTHEST = timedelta(days=3650)
"""Ten years, in all."""

_DURATION = re.compile(
    r"P(?=.)(?:(?P<weeks>\d{1,9})W)?(?:(?P<days>\d{1,9})D)?"
    r"(?:T(?=.)(?:(?P<hours>\d{1,9})H)?(?:(?P<minutes>\d{1,9})M)?(?:(?P<seconds>\d{1,9}(?:[.,]\d{1,6})?)S)?)?\Z",
    re.ASCII,
)
_CALENDAR = re.compile(r"P[^T]*\d[YM]", re.ASCII)


def duration(text: str) -> timedelta:
    """Weeks, days, hours, minutes, seconds: `P7D`, `PT90M`, `P1DT12H`. InvalidAdvance for anything else."""
    found = _DURATION.match(text)
    if found is None:
        raise _refused(
            "Years and months have no fixed length: write days, as in P30D"
            if _CALENDAR.match(text)
            else "advance is an ISO 8601 duration such as P7D, PT90M or P1DT12H"
        )
    parts = {name: float((value or "0").replace(",", ".")) for name, value in found.groupdict().items()}
    try:
        return timedelta(**parts)
    except OverflowError:
        return timedelta.max


def advanced(ahead: timedelta, by: timedelta) -> timedelta:
    """How far ahead the clock is after it was moved. InvalidAdvance for nothing, and for too far."""
    if by <= timedelta():
        raise _refused("A clock only goes forward: advance has to be more than nothing")
    if by > FURTHEST - ahead:
        raise _refused(f"A clock may be {FURTHEST.days} days ahead at most; it is {iso(ahead)} ahead")
    return ahead + by


def iso(time: timedelta) -> str:
    """`P7D`, `P1DT2H`, `PT0S`."""
    minutes, seconds = divmod(time.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    exact = f"{seconds}.{time.microseconds:06}".rstrip("0") if time.microseconds else str(seconds)
    days = f"{time.days}D" if time.days else ""
    clock = "".join(
        f"{value}{unit}" for value, unit in ((hours, "H"), (minutes, "M"), (exact, "S")) if value not in (0, "0")
    )
    if not days and not clock:
        return "PT0S"
    return f"P{days}T{clock}" if clock else f"P{days}"


def _refused(message: str) -> InvalidAdvance:
    return InvalidAdvance(message, problem(message, "advance"))
