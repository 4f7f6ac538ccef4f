"""Reading a card as the customer typed it. No message here ever repeats what was typed."""

from __future__ import annotations

import re
from datetime import datetime

from kvitt.checkout.model.payment import CardDetails
from kvitt.checkout.model.transaction import Card
from kvitt.checkout.rules.refusals import InvalidCard
from kvitt.core.errors import Problem, problem

_GAPS = re.compile(r"[\s-]+")
_EXPIRY = re.compile(r"\s*(0?[1-9]|1[0-2])\s*/\s*(?:20)?(\d{2})\s*\Z|\s*(0[1-9]|1[0-2])(?:20)?(\d{2})\s*\Z", re.ASCII)
_CVC = re.compile(r"\s*\d{3,4}\s*\Z", re.ASCII)


def read_card(card: CardDetails, now: datetime) -> CardDetails:
    """The card in one spelling: digits alone, expiry `MM/YYYY`. Raises InvalidCard naming `card.<member>`."""
    number = _GAPS.sub("", card.number)
    expiry = _EXPIRY.match(card.expiry)
    faults: list[Problem] = []
    if not (number.isascii() and number.isdigit() and 12 <= len(number) <= 19):
        faults.append(problem("A card number has 12 to 19 digits", "card.number"))
    elif not luhn(number):
        faults.append(problem("This is not a card number: a digit is wrong", "card.number"))
    if expiry is None:
        faults.append(problem("The expiry date is written MM/YY", "card.expiry"))
    elif _last_month(expiry) < (now.year, now.month):
        faults.append(problem("The card has expired", "card.expiry"))
    if not _CVC.match(card.cvc):
        faults.append(problem("The security code has three or four digits", "card.cvc"))
    if faults or expiry is None:
        raise InvalidCard("The card cannot be read", *faults)
    year, month = _last_month(expiry)
    return CardDetails(number, f"{month:02}/{year}", card.cvc.strip())


def luhn(number: str) -> bool:
    """The check digit of ISO/IEC 7812: every second digit from the right doubled, digits added, a multiple of ten."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def shown(card: CardDetails) -> Card:
    """What may be stored and shown of a card that was read: first six digits, six stars, last four."""
    return Card(
        brand=_brand(card.number),
        masked_pan=f"{card.number[:6]}******{card.number[-4:]}",
        expiry_date=card.expiry,
        type="Credit",
    )


def _last_month(expiry: re.Match[str]) -> tuple[int, int]:
    month, year = expiry.group(1) or expiry.group(3), expiry.group(2) or expiry.group(4)
    return 2000 + int(year), int(month)


def _brand(number: str) -> str:
    if number.startswith("4"):
        return "Visa"
    if number[0] in "25":
        return "Mastercard"
    return "Amex" if number[:2] in ("34", "37") else "Unknown"
