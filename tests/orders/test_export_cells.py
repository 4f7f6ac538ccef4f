"""Cells of a table: what was typed is text, amounts are numbers, and nothing runs when a spreadsheet opens the file."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kvitt.orders.rules.cells import DecimalMark, Style

OSLO = ZoneInfo("Europe/Oslo")
POINT, COMMA = Style(OSLO), Style(OSLO, decimal="comma")


@pytest.mark.parametrize(
    ("amount", "currency", "point", "comma"),
    [
        (39800, "NOK", "398.00", "398,00"),
        (-5, "NOK", "-0.05", "-0,05"),
        (0, "NOK", "0.00", "0,00"),
        (398, "JPY", "398", "398"),
        (1, "KWD", "0.001", "0,001"),
        (999_999_999_999, "NOK", "9999999999.99", "9999999999,99"),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(amount: int, currency: str, point: str, comma: str) -> None:
    assert (POINT.amount(amount, currency), COMMA.amount(amount, currency)) == (point, comma)


@pytest.mark.parametrize(("number", "written"), [("2", "2"), ("0.75", "0.75"), ("1E+3", "1000"), ("-1.50", "-1.50")])
def test_numbers_are_written_without_exponents(number: str, written: str) -> None:
    assert POINT.number(Decimal(number)) == written


def test_moments_are_in_the_zone_with_their_offset() -> None:
    assert POINT.moment(datetime(2026, 7, 1, 9, 0, tzinfo=UTC)) == "2026-07-01T11:00:00+02:00"
    assert POINT.moment(datetime(2026, 12, 31, 23, 30, tzinfo=UTC)) == "2027-01-01T00:30:00+01:00"


@pytest.mark.parametrize("text", ["=1+1", "+47 123", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "  =1", "=", "-"])
def test_what_begins_as_a_formula_gets_an_apostrophe(text: str) -> None:
    assert POINT.text(text)[0] == "'"


@pytest.mark.parametrize(
    "text", ["Stol, blå", "a=b", "3-5 dager", "kari@example.com", 'sier "hei"', "100,-", "S; - rød"]
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert POINT.text(text) == text


def test_nothing_is_an_empty_cell() -> None:
    assert (POINT.text(None), POINT.text("")) == ("", "")


def test_prices_as_they_are_written_in_norway_stay_as_they_are() -> None:
    assert COMMA.text("Gavekort 500,-") == "Gavekort 500,-"


@pytest.mark.parametrize("style", [POINT, COMMA], ids=["point", "comma"])
@given(text=st.text(alphabet="a1=+-@,;\t\r\n\" '|!＝", max_size=12))
@example(text='a;"=1')
@example(text='a;""=1')
@example(text="a\n=1")
@example(text='a,"=1')
def test_no_spreadsheet_finds_a_formula_in_a_text_however_it_parts_the_cells(style: Style, text: str) -> None:
    written = StringIO()
    csv.writer(written, delimiter=style.delimiter, lineterminator="\r\n").writerow(["id", style.text(text), "end"])
    line = written.getvalue()
    for cell in next(csv.reader(StringIO(line, newline=""), delimiter=style.delimiter)):
        assert not re.match(r" *[=+\-@\t\r＝]", cell)
    other = ";" if style.delimiter == "," else ","
    for cell in re.split(f"[{other}\t\r\n]", line):  # by one that parts at something else and knows no quotes
        assert not re.match(r'"* *[=+\-@＝][^ "\r\n\t;,]', cell), line


def test_the_decimal_comma_parts_cells_by_semicolons() -> None:
    marks: dict[DecimalMark, str] = {"point": ",", "comma": ";"}
    assert {mark: Style(OSLO, decimal=mark).delimiter for mark in marks} == marks
