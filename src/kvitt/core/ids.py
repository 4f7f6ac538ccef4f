"""Identifiers in the shapes the wire uses. Minted by flows and handed to rules as arguments."""

from __future__ import annotations

import os
import re
import secrets
import uuid
from datetime import datetime

BASE58 = "123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
ORDER_NUMBER_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # no 0/O, 1/I: people read it over the telephone

ACCOUNT_ID = re.compile(r"[PT]\d{8}\Z", re.ASCII)
SHORT_ID = re.compile(r"([PT]\d{8})\.([1-9A-HJ-NP-Za-km-z]{22})\Z", re.ASCII)


def new_uuid() -> str:
    return new_uuids(1)[0]


def new_uuids(count: int) -> tuple[str, ...]:
    """Version 4 UUIDs, at a fraction of the price of `str(uuid.uuid4())`: a payment mints a dozen."""
    digits = os.urandom(16 * count).hex()
    return tuple(_version_4(digits[start : start + 32]) for start in range(0, 32 * count, 32))


def _version_4(h: str) -> str:
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-{'89ab'[int(h[16], 16) & 3]}{h[17:20]}-{h[20:]}"


def new_short_id(account_id: str, now: datetime) -> str:
    """`T12345678.` and 22 base58 characters: a random UUID whose first six hex digits are the date (YYMMDD)."""
    number = int(now.strftime("%y%m%d") + uuid.uuid4().hex[6:], 16)
    digits = []
    while number:
        number, rest = divmod(number, 58)
        digits.append(BASE58[rest])
    return f"{account_id}.{''.join(reversed(digits)).rjust(22, BASE58[0])}"


def new_order_number() -> str:
    """ALPHANUMERIC_9: nine characters of an alphabet without look-alikes (3.5e13 of them)."""
    return "".join(secrets.choice(ORDER_NUMBER_ALPHABET) for _ in range(9))


def account_of(identifier: str) -> str | None:
    """The account a session, transaction or profile id names, or None when it is no such id."""
    match = SHORT_ID.match(identifier)
    return match.group(1) if match else None


def is_test_account(account_id: str) -> bool:
    """T accounts are the sandbox; P accounts are live."""
    return account_id.startswith("T")
