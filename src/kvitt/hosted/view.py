"""From a session to what the page shows: texts that are safe to print, amounts in the reader's form. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlsplit

from kvitt.hosted.amounts import money, percentage, quantity
from kvitt.hosted.languages import Language
from kvitt.hosted.model import Order, Session

FORM = {"open"}
WAITING = {"paying", "unknown", "locked"}
"""States that pass by themselves: the page asks again until they have."""

_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
"""Control characters, and those that turn the direction of text: a shop's text must not rearrange an amount."""

_NEVER_OPENED = {"javascript", "data", "vbscript", "blob", "file"}


@dataclass(frozen=True)
class ShownLine:
    text: str
    note: str
    amount: str


@dataclass(frozen=True)
class Summary:
    """`subtotal` is the sum of the lines, empty when it is the total anyway; `vat` is empty when unknown."""

    lines: tuple[ShownLine, ...]
    subtotal: str
    vat: str
    total: str
    reference: str


def plain(text: str | None) -> str:
    return _UNSEEN.sub(" ", text or "").strip()


def safe_href(href: str | None) -> str:
    """The shop's address, or nothing when opening it would run something. App schemes are welcome."""
    cleaned = plain(href)
    scheme = urlsplit(cleaned).scheme.lower()
    return "" if not scheme or scheme in _NEVER_OPENED else cleaned


def merchant_name(session: Session, language: Language) -> str:
    name = plain(session.merchant.name) if session.merchant else ""
    return name or language.say("merchant.nameless")


def initial(name: str) -> str:
    """The first letter or digit of a name, for the round mark that stands where a logo would."""
    return next((character.upper() for character in name if character.isalnum()), "")


def summary(order: Order, language: Language) -> Summary:
    locale = language.locale

    def note(count: Decimal | None, rate: Decimal | None) -> str:
        notes = []
        if count is not None:
            notes.append(language.say("summary.quantity", quantity=quantity(count, locale)))
        if rate is not None:
            notes.append(language.say("summary.vat_rate", rate=percentage(rate, locale)))
        return " · ".join(notes)

    def line(text: str, note: str, amount: int) -> ShownLine:
        return ShownLine(text, note, money(amount, order.currency, locale))

    items = order.items or ()
    shipping = order.shipping_option
    lines = [
        line(plain(item.description) or plain(item.id) or "–", note(item.quantity, item.vat), item.amount)
        for item in items
    ]
    if shipping:
        title = plain(shipping.title) or language.say("summary.shipping")
        lines.append(line(title, note(None, shipping.vat), shipping.amount))
    listed = sum(item.amount for item in items) + (shipping.amount if shipping else 0)
    vat = _vat(order)
    return Summary(
        lines=tuple(lines),
        subtotal="" if not lines or listed == order.amount else money(listed, order.currency, locale),
        vat="" if vat is None else money(vat, order.currency, locale),
        total=money(order.amount, order.currency, locale),
        reference=plain(order.merchant_reference),
    )


def _vat(order: Order) -> int | None:
    """The VAT as the shop states it, else the sum of its lines when all of them state theirs."""
    if order.vat_amount is not None:
        return order.vat_amount
    stated = [item.vat_amount for item in order.items or ()]
    if order.shipping_option:
        stated.append(order.shipping_option.vat_amount)
    known = [vat for vat in stated if vat is not None]
    return sum(known) if known and len(known) == len(stated) else None
