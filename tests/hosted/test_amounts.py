"""Amounts, percentages and quantities in the reader's form."""

from __future__ import annotations

import pytest
from babel import Locale

from kvitt.core.money import EXPONENTS
from kvitt.hosted.amounts import money, percentage, quantity
from kvitt.hosted.languages import load_languages

NORWEGIAN, ENGLISH = Locale.parse("nb_NO"), Locale.parse("en")
MINUS, LEFT, RIGHT = "\N{MINUS SIGN}", "\N{LEFT-TO-RIGHT MARK}", "\N{RIGHT-TO-LEFT MARK}"
THIN = "\N{NARROW NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "text"),
    [
        (39800, "NOK", NORWEGIAN, "398,00 kr"),
        (39800, "NOK", ENGLISH, "NOK 398.00"),
        (-5000, "NOK", NORWEGIAN, MINUS + "50,00 kr"),
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


@pytest.mark.parametrize(
    ("code", "crowns", "large", "negative", "yen", "dinars", "rate", "count"),
    [
        ("nb", "398,00 kr", "1 234 567,89 €", MINUS + "1 234,00 €", "39 800 JPY", "39,800 KWD", "12,5 %", "1 234,75"),
        ("nn", "398,00 kr", "1 234 567,89 €", MINUS + "1 234,00 €", "39 800 JPY", "39,800 KWD", "12,5 %", "1 234,75"),
        ("sv", "398,00 Nkr", "1 234 567,89 €", MINUS + "1 234,00 €", "39 800 JPY", "39,800 KWD", "12,5 %", "1 234,75"),
        ("da", "398,00 NOK", "1.234.567,89 €", "-1.234,00 €", "39.800 JP¥", "39,800 KWD", "12,5 %", "1.234,75"),
        ("fi", "398,00 NOK", "1 234 567,89 €", MINUS + "1 234,00 €", "39 800 ¥", "39,800 KWD", "12,5 %", "1 234,75"),
        ("en", "NOK 398.00", "€1,234,567.89", "-€1,234.00", "¥39,800", "KWD 39.800", "12.5%", "1,234.75"),
        ("de", "398,00 NOK", "1.234.567,89 €", "-1.234,00 €", "39.800 ¥", "39,800 KWD", "12,5 %", "1.234,75"),
        ("fr", "398,00 NOK", f"1{THIN}234{THIN}567,89 €", f"-1{THIN}234,00 €", f"39{THIN}800 JPY", "39,800 KWD",
         "12,5 %", f"1{THIN}234,75"),
        ("es", "398,00 NOK", "1.234.567,89 €", "-1234,00 €", "39.800 JPY", "39,800 KWD", "12,5 %", "1234,75"),
        ("pl", "398,00 NOK", "1 234 567,89 €", "-1234,00 €", "39 800 JPY", "39,800 KWD", "12,5%", "1234,75"),
        ("nl", "NOK 398,00", "€ 1.234.567,89", "€ -1.234,00", "JP¥ 39.800", "KWD 39,800", "12,5%", "1.234,75"),
        ("ar", f"{RIGHT}398.00 NOK", f"{RIGHT}1,234,567.89 €", f"{RIGHT}{LEFT}-1,234.00{RIGHT} €", f"{RIGHT}39,800 JP¥",
         f"{RIGHT}39.800 د.ك.{RIGHT}", "12.5%", "1,234.75"),
    ],
)  # fmt: skip
def test_every_language_has_its_own_form(
    code: str, crowns: str, large: str, negative: str, yen: str, dinars: str, rate: str, count: str
) -> None:
    """As the locale data (CLDR) has them, and as browsers write them, but for a mark in Arabic's negative amounts."""
    locale = load_languages()[code].locale
    assert shown(39800, "NOK", locale) == crowns
    assert shown(123_456_789, "EUR", locale) == large
    assert shown(-123_400, "EUR", locale) == negative
    assert shown(39800, "JPY", locale) == yen
    assert shown(39800, "KWD", locale) == dinars
    assert percentage(12.5, locale).replace("\xa0", " ") == rate
    assert quantity(1234.75, locale).replace("\xa0", " ") == count


def shown(amount: int, currency: str, locale: Locale) -> str:
    return money(amount, currency, locale).replace("\xa0", " ")
