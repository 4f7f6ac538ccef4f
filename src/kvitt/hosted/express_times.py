"""When goods arrive, and when a pick-up place is open, in words. What the shop sent may be anything: what cannot be
read is not shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import get_global
from babel.dates import format_interval, format_skeleton, format_time, get_day_names

from kvitt.checkout.model.order import ShippingOption
from kvitt.hosted.languages import Language

_CLOCK = re.compile(r"([01]?\d|2[0-3]|24):?([0-5]\d)(?::?[0-5]\d)?$")
_MOST_PERIODS = 28
_DASH = "\N{EN DASH}"


def arrival(option: ShippingOption, country: str | None, language: Language) -> str:
    """`Tue, Nov 24, 4:00 – 6:00 PM`, `1-3 working days`, or nothing when the option does not say."""
    eta: dict[str, Any] = option.eta or {}
    slot = _moments(option.time_slot or {}, country)
    if slot:
        return _span(*slot, language.locale)
    days = _moments(eta, country)
    if days:
        return language.say("shipping.arrives", when=_days(days[0].date(), days[1].date(), language.locale))
    numbers = sorted(day for day in _whole(eta.get("working_days")) if 0 <= day <= 365)
    if numbers:
        least, most = str(numbers[0]), str(numbers[-1])
        if most == "1":
            return language.say("shipping.working_day")
        return language.say("shipping.working_days", days=least if least == most else f"{least}{_DASH}{most}")
    day = eta.get("arrival_day_of_week")
    if isinstance(day, int) and 1 <= day <= 7:
        return language.say("shipping.arrives", when=get_day_names("wide", locale=language.locale)[day - 1])
    return ""


def opening_hours(said: Any, language: Language) -> tuple[str, ...]:
    """`Mon–Fri 8:00 AM–4:00 PM`: days that follow each other with the same hours are one line."""
    listed = said.get("periods") if isinstance(said, dict) else None
    by_day: dict[int, list[str]] = {}
    for day, hours in _periods(listed, language.locale):
        by_day.setdefault(day, []).append(hours)
    names = get_day_names("abbreviated", locale=language.locale)
    lines: list[tuple[int, int, str]] = []
    for day in sorted(by_day):
        hours = ", ".join(by_day[day])
        if lines and lines[-1][1] == day - 1 and lines[-1][2] == hours:
            lines[-1] = (lines[-1][0], day, hours)
        else:
            lines.append((day, day, hours))
    return tuple(
        f"{names[first - 1]}{'' if first == last else _DASH + names[last - 1]} {hours}" for first, last, hours in lines
    )


def _periods(listed: Any, locale: Locale) -> Iterator[tuple[int, str]]:
    for period in listed[:_MOST_PERIODS] if isinstance(listed, list) else ():
        if isinstance(period, dict):
            day = period.get("day_of_week")
            opens, closes = _clock(period.get("opens_at")), _clock(period.get("closes_at"))
            if isinstance(day, int) and 1 <= day <= 7 and opens and closes:
                yield day, f"{_hour(opens, locale)}{_DASH}{_hour(closes, locale)}"


def _clock(said: Any) -> time | None:
    found = _CLOCK.fullmatch(said) if isinstance(said, str) else None
    return time(int(found.group(1)) % 24, int(found.group(2))) if found else None


def _hour(moment: time, locale: Locale) -> str:
    return str(format_time(moment, "short", locale=locale))


def _moments(said: dict[str, Any], country: str | None) -> tuple[datetime, datetime] | None:
    starts, ends = (_moment(said.get(name), country) for name in ("starts_at", "ends_at"))
    starts, ends = starts or ends, ends or starts
    return (starts, ends) if starts and ends and starts <= ends else None


def _moment(said: Any, country: str | None) -> datetime | None:
    """As the clock shows it where the goods arrive; a time that says its own offset means that one."""
    try:
        found = datetime.fromisoformat(said)
        if found.utcoffset() == timedelta(0):
            found = found.astimezone(_zone(country))
    except (TypeError, ValueError, OverflowError, LookupError, OSError):
        return None
    return found.replace(tzinfo=None)


def _zone(country: str | None) -> Any:
    zones = [zone for zone, territory in get_global("zone_territories").items() if territory == country]
    return ZoneInfo(zones[0]) if len(zones) == 1 else UTC


def _span(starts: datetime, ends: datetime, locale: Locale) -> str:
    if starts.date() != ends.date():
        return _days(starts.date(), ends.date(), locale)
    day = _days(starts.date(), starts.date(), locale)
    hours = _hour(starts.time(), locale)
    return f"{day}, {hours}" if starts == ends else f"{day}, {hours}{_DASH}{_hour(ends.time(), locale)}"


def _days(first: date, last: date, locale: Locale) -> str:
    if first == last:
        return str(format_skeleton("MMMEd", datetime.combine(first, time()), locale=locale))
    return str(format_interval(first, last, skeleton="MMMEd", locale=locale))


def _whole(said: Any) -> list[int]:
    return [day for day in said if type(day) is int] if isinstance(said, list) else []
