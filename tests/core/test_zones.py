"""Time zones by their names, and nothing else by any name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kvitt.core.errors import InvalidRequest
from kvitt.core.zones import zone


@pytest.mark.parametrize("name", ["UTC", "Europe/Oslo", "America/Argentina/Buenos_Aires", "Etc/GMT+12", "CET"])
def test_a_zone_is_found_by_its_name(name: str) -> None:
    assert zone(name).key == name


def test_summer_and_winter_have_their_own_offsets() -> None:
    oslo = zone("Europe/Oslo")
    offsets = [datetime(2026, month, 1, tzinfo=UTC).astimezone(oslo).utcoffset() for month in (1, 7)]
    assert offsets == [timedelta(hours=1), timedelta(hours=2)]


@pytest.mark.parametrize(
    "name",
    [
        "", "Oslo", "Europe", "Europe/Nowhere", "europe/oslo", " UTC", "UTC\n", "UTC\0", "../../etc/passwd",
        "/etc/passwd",
        "Europe/../Europe/Oslo",
        "right/Europe/Oslo", "posix/UTC", "localtime", "posixrules", "zone.tab", "A" * 5000, "+02:00",
    ],
)  # fmt: skip
def test_what_is_no_zone_is_refused_by_name(name: str) -> None:
    with pytest.raises(InvalidRequest, match="is no time zone") as refused:
        zone(name)
    assert repr(name[:50]) in refused.value.message
