"""What `kvitt orders export` asks for, and how its file comes to be: without a process and without a database."""

from __future__ import annotations

from datetime import UTC, date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from kvitt.core.errors import InvalidRequest, Unavailable
from kvitt.exporting import NotExported, asked, days, writing
from kvitt.orders.wire.export import JsonLinesQuery, TableQuery


def test_parameters_are_read_as_over_http() -> None:
    pairs = [("status", "open"), ("status", "closed"), ("amount.gte", "1"), ("rows", "lines"), ("sort", "-amount")]
    query = asked(TableQuery, pairs)
    assert (query.status, query.amount_gte, query.rows, query.sort) == (("open", "closed"), 1, "lines", "-amount")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("stauts", "open", "stauts is no parameter of this export; known are limit, "),
        ("bom", "true", "bom is no parameter"),
        ("total", "true", "total is no parameter"),
        ("status", "", "status has no value"),
        ("amount.gte", "much", "amount.gte: "),
        ("search", "\udcff", "not UTF-8"),
    ],
)
def test_a_parameter_that_means_nothing_is_refused(name: str, value: str, words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        asked(JsonLinesQuery, [(name, value)])


def test_days_begin_and_end_at_the_zones_midnight() -> None:
    july = days(date(2026, 7, 1), date(2026, 7, 31), ZoneInfo("Europe/Oslo"))
    assert dict(july) == {
        "created_at.gte": "2026-06-30T22:00:00+00:00",
        "created_at.lte": "2026-07-31T21:59:59.999999+00:00",
    }
    assert days(None, None, UTC) == []


def test_a_day_on_which_clocks_change_is_whole() -> None:
    (_, begin), (_, end) = days(date(2026, 10, 25), date(2026, 10, 25), ZoneInfo("Europe/Oslo"))
    assert (begin, end) == ("2026-10-24T22:00:00+00:00", "2026-10-25T22:59:59.999999+00:00")


@pytest.mark.parametrize(("first", "last"), [(date.min, None), (None, date.max)])
def test_days_that_nobody_can_name_in_utc_are_refused(first: date | None, last: date | None) -> None:
    with pytest.raises(InvalidRequest, match="a day must be"):
        days(first, last, ZoneInfo("Asia/Tokyo"))


def test_a_file_stands_under_its_name_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    with writing(str(path), force=False) as file:
        file.write(b"all")
        assert [found.name for found in tmp_path.iterdir()] == ["orders.csv.part"]
    assert [found.name for found in tmp_path.iterdir()] == ["orders.csv"]
    assert path.read_bytes() == b"all"


@pytest.mark.parametrize("error", [Unavailable("The database does not answer"), OSError(28, "No space left")])
def test_a_file_that_did_not_become_whole_is_not_there(tmp_path: Path, error: Exception) -> None:
    with (
        pytest.raises(NotExported, match=r"orders\.csv was not written"),
        writing(f"{tmp_path}/orders.csv", force=False),
    ):
        raise error
    with pytest.raises(KeyboardInterrupt), writing(f"{tmp_path}/orders.csv", force=True):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_exists_is_replaced_only_by_force(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("last year's")
    with pytest.raises(NotExported, match="exists already; --force replaces it"), writing(str(path), force=False):
        pytest.fail("nothing is written")
    with writing(str(path), force=True) as file:
        file.write(b"this year's")
    assert path.read_text() == "this year's"


def test_a_file_that_came_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    with pytest.raises(NotExported, match="exists already"), writing(str(path), force=False):
        path.write_text("somebody else's")
    assert path.read_text() == "somebody else's"
    assert list(tmp_path.iterdir()) == [path]


def test_two_exports_do_not_write_one_file(tmp_path: Path) -> None:
    path = str(tmp_path / "orders.csv")
    with writing(path, force=False) as file:
        with pytest.raises(NotExported, match=r"orders\.csv\.part exists"), writing(path, force=False):
            pytest.fail("nothing is written")
        file.write(b"mine")
    assert (tmp_path / "orders.csv").read_text() == "mine"


@pytest.mark.parametrize("force", [False, True])
def test_what_is_no_file_is_never_replaced(tmp_path: Path, force: bool) -> None:
    with pytest.raises(NotExported, match="is not a file"), writing(str(tmp_path), force=force):
        pytest.fail("nothing is written")
    with pytest.raises(NotExported, match="is not a file"), writing("/dev/null", force=force):
        pytest.fail("nothing is written")
    nowhere = str(tmp_path / "nowhere" / "orders.csv")
    with pytest.raises(NotExported, match="cannot be written: No such file"), writing(nowhere, force=force):
        pytest.fail("nothing is written")
