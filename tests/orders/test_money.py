"""Parts of an order always sum to the whole, to the last minor unit: lines, discounts, VAT, captures, refunds.

In currencies with no decimals, two and three, with sums from one unit to the largest, and however they are cut.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kvitt.core.errors import Conflicting
from kvitt.core.money import MAX_AMOUNT
from kvitt.core.tax import vat_included
from kvitt.orders.model import Verb
from kvitt.orders.rules.remaining import amount_of, left

CURRENCIES = ["JPY", "NOK", "KWD"]
RATES = [Decimal(text) for text in ("0", "2.5", "12", "15", "25", "7.7")]

amounts = st.sampled_from([1, 2, 3, 99, 100, 101, MAX_AMOUNT]) | st.integers(1, 1000) | st.integers(1, MAX_AMOUNT)
cuts = st.lists(st.integers(0, 1000), max_size=6)
"""Where a sum is cut, in thousandths of it."""
lines = st.lists(
    st.tuples(amounts, st.sampled_from(RATES), st.lists(st.integers(0, 400), max_size=3)), min_size=1, max_size=5
)
"""Gross amount, VAT rate, and discounts in thousandths of it."""


def parts(whole: int, where: list[int]) -> list[int]:
    """The sum cut there, without its empty parts: remainders fall where they fall, and nothing is lost."""
    places = sorted({whole * cut // 1000 for cut in where} | {0, whole})
    return [after - before for before, after in pairwise(places)]


def bodies(kit: Any, sold: list[Any], sign: int = 1) -> list[dict[str, Any]]:
    made = []
    for id, (gross, rate, discounts) in enumerate(sold, start=1):
        taken = [gross * part // 1000 for part in discounts]
        while sum(taken) > gross:
            taken.pop()
        net = gross - sum(taken)
        tax = {"amount": sign * vat_included(net, rate), "percentage": float(rate)}
        more = {"discount_lines": [{"amount": sign * amount} for amount in taken], "tax_lines": [tax]}
        made.append(kit.line(id, sign * gross, **more))
    return made


@settings(max_examples=60, deadline=None)
@given(lines, st.sampled_from(CURRENCIES))
@example([(MAX_AMOUNT, Decimal(25), [333, 333, 333])] * 5, "KWD")
@example([(1, Decimal(25), [])], "JPY")
def test_discounts_and_lines_sum_to_the_order_in_every_currency(kit: Any, sold: list[Any], currency: str) -> None:
    sent = bodies(kit, sold)
    order = kit.draft(*sent, currency=currency).draft.order
    assert order.net_amount == sum(item.net_amount for item in order.items)
    assert order.gross_amount == order.net_amount + order.total_discount
    for item, body in zip(order.items, sent, strict=True):
        assert item.net_amount + sum(discount["amount"] for discount in body["discount_lines"]) == item.gross_amount
        assert item.tax_lines[0].amount == body["tax_lines"][0]["amount"]
        assert 0 <= item.tax_lines[0].amount <= item.net_amount


@settings(max_examples=60, deadline=None)
@given(lines, cuts, cuts, st.sampled_from(CURRENCIES))
@example([(1, Decimal(25), [])], [500], [500], "JPY")
@example([(MAX_AMOUNT, Decimal(25), [])] * 5, [333, 667], [1, 999], "KWD")
@example([(100, Decimal(0), [])], [333, 666], [], "NOK")
def test_captures_in_parts_take_all_of_it_and_refunding_all_parts_gives_the_capture_back_to_the_unit(
    kit: Any, sold: list[Any], captures: list[int], refunds: list[int], currency: str
) -> None:
    draft = kit.draft(*bodies(kit, sold), currency=currency)
    net = {item.line_id: item.net_amount for item in draft.draft.order.items}
    record = kit.completed(draft)
    whole = [(id, amount) for id, amount in net.items() if amount]
    if not whole:
        return
    record, _ = kit.operate(record, Verb.AUTHORIZE, *whole, id="a")
    statuses = [record.order.payment_status]
    for verb, where in ((Verb.CAPTURE, captures), (Verb.REFUND, refunds)):
        for id, amount in whole:
            for number, part in enumerate(parts(amount, where)):
                record, _ = kit.operate(record, verb, (id, part), id=f"{verb}-{id}-{number}")
                statuses.append(record.order.payment_status)
            with pytest.raises(Conflicting):
                kit.operate(record, verb, (id, 1))
    order = record.order
    assert amount_of(order.captures) == amount_of(order.refunds) == amount_of(order.authorizations) == order.net_amount
    assert all((rest.capture, rest.refund, rest.cancel) == (0, 0, 0) for rest in left(record).values())
    assert statuses[0] == "pending"
    assert statuses[-1] == "refunded"
    assert statuses == sorted(statuses, key=IN_ORDER.index)


IN_ORDER = ["pending", "partially_paid", "paid", "partially_refunded", "refunded"]


@settings(max_examples=40, deadline=None)
@given(lines, st.sampled_from(CURRENCIES))
def test_a_line_and_the_line_that_takes_it_back_come_to_nothing_with_discounts_and_vat(
    kit: Any, sold: list[Any], currency: str
) -> None:
    there, back = bodies(kit, sold), bodies(kit, sold, sign=-1)
    reversed_ = [body | {"line_id": 100 + body["line_id"], "reversed_reason": "Regret"} for body in back]
    order = kit.draft(*there, *reversed_, currency=currency).draft.order
    assert (order.gross_amount, order.net_amount, order.total_discount) == (0, 0, 0)
    assert sum(tax.amount for item in order.items for tax in item.tax_lines) == 0
