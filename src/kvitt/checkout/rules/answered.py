"""What a shop answers when it is asked, laid on its session.

`shipping_options` replace those of the session; the chosen one stays at its new terms, or is dropped when it is there
no more. Of the order the shop may change the amount, the taxes, the lines and the discount codes. Where the lines and
the shipping do not come to the amount, a line of the difference is added.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from kvitt.checkout.model.order import Item, SessionOrder, ShippingOption
from kvitt.checkout.model.session import Express, Session
from kvitt.checkout.model.updates import MOST_CODES, DiscountAnswer, PricedOrder, ShippingAnswer
from kvitt.checkout.rules.lines import amount_faults, line_faults
from kvitt.checkout.rules.offers import still_offered
from kvitt.checkout.rules.prices import corrected, uncorrected
from kvitt.checkout.rules.refusals import ShopSilent
from kvitt.core.errors import Problem, problem


def with_shipping_answer(session: Session, answer: ShippingAnswer, line_id: str) -> Session:
    """`line_id`: of the correction, if there is one. ShopSilent with every fault of the answer."""
    if session.order.items and answer.order and answer.order.items == () and answer.order.amount is None:
        message = "The shop's answer takes all lines away and names no amount"  # nothing would be paid for them
        raise silent(message, problem("is required", "order.amount"))
    return _answered(session, answer.shipping_options, answer.order, line_id)


def with_discount_answer(session: Session, answer: DiscountAnswer, line_id: str) -> Session:
    if session.order.items and not answer.order.items:
        raise silent("The shop's answer leaves out the lines", problem("is required", "order.items"))
    return _answered(session, answer.shipping_options, answer.order, line_id)


def silent(message: str, *faults: Problem) -> ShopSilent:
    return ShopSilent(f"{message}. Nothing was changed", *faults)


def _answered(
    session: Session, options: tuple[ShippingOption, ...], priced: PricedOrder | None, line_id: str
) -> Session:
    express = msgspec.structs.replace(session.express or Express(), shipping_options=options)
    order = session.order
    amount_given = priced is not None and priced.amount is not None
    if priced is not None:
        order = _priced(order, priced)
    order = still_offered(order, express, priced=amount_given)
    if amount_given:
        order = corrected(order, line_id)
    faults = list(_faults(session.order, order, options, priced))
    if faults:
        raise silent("The shop's answer cannot be used", *faults)
    return msgspec.structs.replace(session, order=order, express=express)


def _priced(order: SessionOrder, priced: PricedOrder) -> SessionOrder:
    changes = {name: value for name, value in msgspec.structs.asdict(priced).items() if value is not None}
    changes.pop("currency", None)
    if priced.items is not None and priced.amount is not None:
        changes["items"] = uncorrected(priced.items)
    elif priced.items is not None:  # a line of a difference that the shop sends back counts as it did
        changes["amount"] = order.amount + _sum(priced.items) - _sum(order.items)
    return msgspec.structs.replace(order, **changes)


def _sum(items: tuple[Item, ...] | None) -> int:
    return sum(item.amount for item in items or ())


def _faults(
    before: SessionOrder, order: SessionOrder, options: tuple[ShippingOption, ...], priced: PricedOrder | None
) -> Iterator[Problem]:
    if priced is not None and priced.currency not in (None, before.currency):
        yield problem(f"The session is in {before.currency}", "order.currency")
    if len(order.discount_codes or ()) > MOST_CODES:
        yield problem(f"There may be {MOST_CODES} discount codes", "order.discount_codes")
    seen: set[tuple[str, str]] = set()
    for place, option in enumerate(options):
        if (name := (option.id, str(option.line_id))) in seen:
            yield problem("Another option has this id and this line_id", f"shipping_options.{place}.line_id")
        seen.add(name)
    yield from line_faults(order)
    yield from amount_faults(order)
