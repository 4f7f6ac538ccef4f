"""What stands in one cell of a table that people open in a spreadsheet.

Amounts are in major units, with the decimals of their currency. Moments are in a time zone, with their offset. What
somebody typed is never taken for a formula: a spreadsheet would compute it, and could be made to send the table away.
"""

from __future__ import annotations

import re
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Literal

import msgspec

from kvitt.core.money import to_decimal

DecimalMark = Literal["point", "comma"]

_FORMULA = "=+\\-@\t\r＝＋－＠"
_AT_THE_BEGINNING = re.compile(f"^(?= *[{_FORMULA}])")


class Style(msgspec.Struct, frozen=True):
    """How a table is written. With a decimal comma cells are parted by semicolons, as where people write numbers so.

    `bom`: begins with the mark by which Excel knows UTF-8.
    """

    zone: tzinfo
    decimal: DecimalMark = "point"
    bom: bool = False

    @property
    def delimiter(self) -> str:
        return "," if self.decimal == "point" else ";"

    def amount(self, amount: int, currency: str) -> str:
        """39800 NOK is 398.00."""
        return self.number(to_decimal(amount, currency))

    def number(self, number: Decimal) -> str:
        written = f"{number:f}"
        return written if self.decimal == "point" else written.replace(".", ",")

    def moment(self, at: datetime) -> str:
        """2026-07-01T11:00:00+02:00"""
        return at.astimezone(self.zone).isoformat(timespec="seconds")

    def text(self, text: str | None) -> str:
        """An apostrophe goes before what a formula begins with: spreadsheets then show it as text.

        Also inside a text, behind what another spreadsheet may part cells or rows at: it knows nothing of our quotes.
        """
        if not text:
            return ""
        return _INSIDE[self.decimal].sub(r"\1'", _AT_THE_BEGINNING.sub("'", text))


def _inside(separator: str) -> re.Pattern[str]:
    """A lone sign begins no formula: it stands in prices, as in `500,-`."""
    return re.compile(f'([{separator}\t\r\n]"*)(?= *[{_FORMULA}][^ ])')


_INSIDE: dict[DecimalMark, re.Pattern[str]] = {"point": _inside(";"), "comma": _inside(",")}
