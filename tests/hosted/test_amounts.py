"""Amounts, percentages and quantities in the reader's form."""

from __future__ import annotations

import pytest
from babel import Locale

from kvitt.core.money import EXPONENTS
from kvitt.hosted.amounts import money, percentage, quantity

NORWEGIAN, ENGLISH = Locale.parse("nb_NO"), Locale.parse("en")


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "text"),
    [
        (39800, "NOK", NORWEGIAN, "398,00 kr"),
        (39800, "NOK", ENGLISH, "NOK 398.00"),
        (-5000, "NOK", NORWEGIAN, "-50,00 kr"),
        (123456789, "NOK", NORWEGIAN, "1 234 567,89 kr"),
        (39800, "EUR", ENGLISH, "€398.00"),
        (39800, "JPY", ENGLISH, "¥39,800"),
        (39800, "BHD", ENGLISH, "BHD 39.800"),
        (1, "IQD", NORWEGIAN, "0,001 IQD"),
    ],
)
def test_an_amount_has_the_currency_s_decimals_and_the_reader_s_form(
    amount: int, currency: str, locale: Locale, text: str
) -> None:
    assert money(amount, currency, locale).replace("\xa0", " ") == text


@pytest.mark.parametrize("currency", sorted(EXPONENTS))
def test_every_currency_is_shown_to_its_last_minor_unit(currency: str) -> None:
    digits = "".join(c for c in money(1_234_567, currency, ENGLISH) if c.isdigit())
    assert digits == "1234567"


def test_percentages_and_quantities_keep_the_decimals_they_have() -> None:
    assert percentage(25, ENGLISH) == "25%"
    assert percentage(11.11, ENGLISH) == "11.11%"
    assert percentage(12.5, NORWEGIAN).replace("\xa0", " ") == "12,5 %"
    assert quantity(2, NORWEGIAN) == "2"
    assert quantity(0.75, NORWEGIAN) == "0,75"
