"""From a session to what the page shows: texts that are safe to print, amounts in the reader's form. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from kvitt.checkout.model.order import DiscountLine, SessionOrder
from kvitt.checkout.model.saved import Consent
from kvitt.checkout.model.view import OfferedCard, View
from kvitt.hosted.amounts import money, percentage, quantity
from kvitt.hosted.languages import Language
from kvitt.hosted.products import Needs, glyph_of, needs_of, product_name

WAITING = frozenset({"paying", "unknown", "locked"})
"""States that pass by themselves: the page asks again until they have."""

_UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u034f\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\u3164\ufeff\uffa0"
    r"\ufff9-\ufffb]+"
)
"""Control characters, those that turn the direction of text, and letters that nobody sees: a shop's text must not
rearrange an amount, nor be a name of nothing."""

_MARKS = r"\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_PILED = re.compile(f"([{_MARKS}]{{4}})[{_MARKS}]+")
"""More marks on one letter than any language has: they would lie over the lines above and below."""

_NEVER_OPENED = frozenset({"javascript", "data", "vbscript", "blob", "file"})


@dataclass(frozen=True)
class ShownLine:
    """`off`: it takes something off the sum."""

    text: str
    note: str
    amount: str
    off: bool = False


@dataclass(frozen=True)
class Summary:
    """`subtotal` is the sum of the lines, empty when it is the total anyway; `vat` is empty when unknown. `discounts`:
    those of the whole order, where they are what lies between the two."""

    lines: tuple[ShownLine, ...]
    discounts: tuple[ShownLine, ...]
    subtotal: str
    vat: str
    total: str
    reference: str


@dataclass(frozen=True)
class Method:
    """`saved`: the id of a saved card. `save`: how the customer is asked whether the card may be saved."""

    product: str
    name: str
    needs: Needs
    saved: str = ""
    save: Consent | None = None

    @property
    def value(self) -> str:
        """What tells it from the others."""
        return self.saved or self.product

    @property
    def glyph(self) -> str:
        """The name of its icon."""
        return glyph_of(self.product)


def plain(text: str | None) -> str:
    return _PILED.sub(r"\1", _UNSEEN.sub(" ", text or "")).strip()


def safe_href(href: str | None) -> str:
    """The shop's address, or nothing when opening it would run something. App schemes are welcome."""
    cleaned = _UNSEEN.sub(" ", href or "").strip()
    try:
        scheme = urlsplit(cleaned).scheme.lower()
    except ValueError:
        return ""
    return cleaned if scheme and scheme not in _NEVER_OPENED else ""


def merchant_name(view: View, language: Language) -> str:
    """As it stands in a sentence."""
    name = plain(view.merchant.name) if view.merchant else ""
    return name or language.say("merchant.nameless")


def heading(view: View, merchant: str) -> str:
    """As it stands alone: a name as the shop writes it, our own words for a nameless shop with a capital."""
    return merchant if view.merchant and plain(view.merchant.name) else merchant[:1].upper() + merchant[1:]


def initial(name: str) -> str:
    """The first letter or digit of a name, for the square mark that stands where a logo would."""
    return next((character.upper() for character in name if character.isalnum()), "")


def methods(view: View, language: Language) -> tuple[Method, ...]:
    """The ways to pay: saved cards first, then the shop's order. Of several products with one name the customer sees
    one: the default."""
    found: dict[str, Method] = {}
    for card in view.saved_cards:
        name = saved_name(card, language)
        found[name] = Method(card.payment_product_type, name, "saved", card.payment_token_id)
    for offered in view.payment_methods:
        product = offered.payment_product_type
        name, needs = product_name(product, language), needs_of(product)
        if needs == "card" and view.saved_cards:
            name = language.say("method.another_card")
        method = Method(product, name, needs, save=offered.save_card)
        if method.name not in found or product == view.default_payment_type:
            found[method.name] = method
    return tuple(found.values())


def saved_name(card: OfferedCard, language: Language) -> str:
    """`Visa ending in 0002, 12/2030`."""
    brand = plain(card.brand) or language.say("method.card")
    name = language.say("method.saved", brand=brand, digits=plain(card.masked_pan)[-4:])
    expiry = plain(card.expiry_date)
    return f"{name}, {expiry}" if expiry else name


def chosen(view: View, offered: tuple[Method, ...]) -> Method | None:
    """What is chosen at first: the shop's default, else the first."""
    default = (method for method in offered if method.product == view.default_payment_type)
    return next(default, next(iter(offered), None))


def waits_with(view: View, language: Language) -> str:
    """Who the customer's yes is waited for: an app or a company by its name, for a card the bank."""
    if view.waiting is None:
        return ""
    product = view.waiting.payment_product_type
    if needs_of(product) == "card":
        return language.say("approve.bank")
    return product_name(product, language)


def summary(order: SessionOrder, language: Language) -> Summary:
    def shown(
        text: str,
        count: float | None,
        rate: float | None,
        amount: int,
        discounts: tuple[DiscountLine, ...] | None = None,
        operator: str = "",
    ) -> ShownLine:
        notes = [operator] if operator and operator not in text else []
        if count is not None:
            notes.append(language.say("summary.quantity", quantity=quantity(count, language.locale)))
        if rate is not None:
            notes.append(language.say("summary.vat_rate", rate=percentage(rate, language.locale)))
        notes += [_discount(discount, order.currency, language) for discount in discounts or () if discount.amount]
        return ShownLine(text, " · ".join(notes), money(amount, order.currency, language.locale), amount < 0)

    items = order.items or ()
    shipping = order.shipping_option
    lines = [
        shown(
            plain(item.description) or plain(item.id) or "–", item.quantity, item.vat, item.amount, item.discount_lines
        )
        for item in items
    ]
    if shipping:
        title = plain(shipping.title) or language.say("summary.shipping")
        lines.append(shown(title, None, shipping.vat, shipping.amount, operator=plain(shipping.operator)))
    listed = sum(item.amount for item in items) + (shipping.amount if shipping else 0)
    discounts = [abs(discount.amount) for discount in order.discount_lines or () if discount.amount]
    explains = bool(lines) and listed - sum(discounts) == order.amount
    vat = _vat(order)
    return Summary(
        lines=tuple(lines),
        discounts=tuple(
            shown(_discount_name(discount, language), None, None, -abs(discount.amount))
            for discount in order.discount_lines or ()
            if discount.amount and explains
        ),
        subtotal="" if not lines or listed == order.amount else money(listed, order.currency, language.locale),
        vat="" if vat is None else money(vat, order.currency, language.locale),
        total=money(order.amount, order.currency, language.locale),
        reference=plain(order.merchant_reference),
    )


def _discount(discount: DiscountLine, currency: str, language: Language) -> str:
    """`Discount: NOK 50.00 (Summer sale)`. Shops write what it is worth with a minus or without."""
    said = language.say("summary.discount", amount=money(abs(discount.amount or 0), currency, language.locale))
    name = plain(discount.description)
    return f"{said} ({name})" if name else said


def _discount_name(discount: DiscountLine, language: Language) -> str:
    return plain(discount.description) or language.say("summary.discount_unnamed")


def _vat(order: SessionOrder) -> int | None:
    """The VAT as the shop states it, else the sum of its lines when all of them state theirs."""
    if order.vat_amount is not None:
        return order.vat_amount
    stated = [item.vat_amount for item in order.items or ()]
    if order.shipping_option:
        stated.append(order.shipping_option.vat_amount)
    known = [vat for vat in stated if vat is not None]
    return sum(known) if known and len(known) == len(stated) else None
