"""Every payment product of the sandbox: what is offered, how it is paid, and what the shop may do with it then."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from kvitt.checkout.model.authorization import AuthorizationChange
from kvitt.checkout.model.payment import Operation
from kvitt.checkout.model.products import PAYMENT_PRODUCT_TYPES
from kvitt.checkout.model.session import SessionOptions
from kvitt.checkout.model.view import Declined, Paid, Waits
from kvitt.checkout.providers.products import PRODUCTS
from kvitt.checkout.rules.callbacks import CALLBACK_TASK, CallbackData
from kvitt.checkout.rules.refusals import (
    AuthorizationExpired,
    InvalidCard,
    NotAdjustable,
    NotCapturable,
    NotRefundable,
    NotVoidable,
    OnlyInFull,
    OperationUnderWay,
    ProductNotOffered,
)
from kvitt.checkout.rules.schedule import ASK_TASK
from kvitt.core.errors import AmountExceedsRemaining

from .counter import Counter

HELD: dict[str, Any] = {"options": {"enable_on_hold": True}}
SWISH = ["swish.swish", "payex.swish"]
VOIDS_REMAINDER = [
    "payex.creditcard", "payex.mobilepay", "payex.vipps", "payex.applepay", "payex.clicktopay", "payex.googlepay",
    "vipps", "klarna.klarna", "klarna.billie",
]  # fmt: skip
PLAIN = [
    product
    for product, can in PRODUCTS.items()
    if can.most is None and not can.captured_at_once and not can.approved_by_shop and can.takes != "gift_card"
]


@pytest.fixture
def counter(house: Any) -> Counter:
    return Counter(house)


def currency_of(product: str) -> str:
    return min(PRODUCTS[product].currencies or {"NOK"})


async def paid(counter: Counter, product: str, **session: Any) -> str:
    """The transaction of a session that was paid with the product."""
    made = await counter.session(product, currency=currency_of(product), **session)
    card = "4000000000000002" if PRODUCTS[product].takes == "card" else None
    payment = await counter.pay(made.id, product, card)
    if isinstance(payment, Waits):
        await counter.approve(payment.redirect_url.rpartition("/")[2])
    return str((await counter.transaction(made.id)).id)


async def operate(counter: Counter, id: str, verb: Any, amount: int | None = None, *, final: bool = False) -> Any:
    house = counter.house
    operation = Operation(verb, amount, final=final)
    return (await house.checkout.operate(house.account_id, id, operation, house.actor())).record.transaction


async def callbacks(counter: Counter) -> list[CallbackData]:
    tasks = await counter.house.tasks(CALLBACK_TASK)
    told = [msgspec.json.decode(task.data, type=CallbackData) for task in tasks]
    return sorted(told, key=lambda each: int(each.transaction_event_id or 0))  # two may be due at one moment


def test_every_documented_product_but_the_terminal_in_a_shop_is_there() -> None:
    assert set(PAYMENT_PRODUCT_TYPES) - set(PRODUCTS) == {"seitatech.in_person"}
    assert set(PRODUCTS) <= set(PAYMENT_PRODUCT_TYPES)


def test_voiding_the_remainder_is_for_the_documented_products() -> None:
    assert sorted(product for product, can in PRODUCTS.items() if can.void_remainder) == sorted(VOIDS_REMAINDER)


@pytest.mark.parametrize("product", PLAIN)
async def test_each_product_is_paid_captured_in_part_and_refunded(counter: Counter, product: str) -> None:
    id = await paid(counter, product)
    transaction = await counter.house.get(id)
    assert (transaction.status, transaction.payment_product_type) == ("AUTHORIZED", product)
    assert transaction.payment_product == product.partition(".")[0]
    held = transaction.authorization_expires_at - transaction.created_at
    assert held == PRODUCTS[product].authorization
    assert (await operate(counter, id, "capture", 9800)).status == "PARTIALLY_CAPTURED"
    if not PRODUCTS[product].final_capture:
        with pytest.raises(OnlyInFull):
            await operate(counter, id, "capture", 1, final=True)
    if PRODUCTS[product].void_remainder:
        assert (await operate(counter, id, "void")).status == "CAPTURED"
    else:
        with pytest.raises(NotVoidable):
            await operate(counter, id, "void")
    assert (await operate(counter, id, "refund", 9800)).events[-1].success


@pytest.mark.parametrize(
    ("product", "currency"),
    [("vipps", "SEK"), ("swish.swish", "NOK"), ("payex.mobilepay", "NOK"), ("klarna.klarna", "USD")],
)
async def test_a_product_that_does_not_take_the_currency_is_not_offered(
    counter: Counter, product: str, currency: str
) -> None:
    session = await counter.session(product, currency=currency)
    assert (await counter.house.checkout.view(session.id)).payment_methods == ()
    with pytest.raises(ProductNotOffered):
        await counter.pay(session.id, product)


async def test_all_active_products_are_those_of_the_currency_and_the_amount(counter: Counter) -> None:
    house = counter.house

    async def offered(amount: int, currency: str) -> set[str]:
        body = {
            "url": {"return_url": "https://shop.example/"},
            "order": {"amount": amount, "currency": currency, "merchant_reference": "A"},
            "configuration": {"active_payment_types": {"enabled": True}},
        }
        asked = msgspec.convert(body, SessionOptions)
        session = await house.checkout.create_session(house.account_id, asked, frozenset(), house.actor())
        view = await house.checkout.view(session.id)
        return {method.payment_product_type for method in view.payment_methods}

    swedish = await offered(100, "SEK")
    assert {"swish.swish", "klarna.klarna", "dintero_psp.creditcard", "dintero_psp.applepay"} <= swedish
    assert not {"vipps", "payex.mobilepay", "dintero.zero", "dintero.wallets", "dintero.external"} & swedish
    assert await offered(0, "SEK") == {"dintero.zero"}


@pytest.mark.parametrize("product", SWISH)
async def test_swish_is_captured_as_it_is_paid(counter: Counter, product: str) -> None:
    id = await paid(counter, product, auto_capture=True)
    transaction = await counter.house.get(id)
    assert transaction.status == "CAPTURED"
    assert [(event.event, event.transaction_status) for event in transaction.events] == [
        ("INITIALIZE", "INITIATED"),
        ("CAPTURE", "CAPTURED"),
    ]
    assert transaction.authorization_expires_at is None
    assert sorted(await counter.postings(id)) == [("authorize", 39800), ("capture", 39800)]
    (told,) = await callbacks(counter)
    assert told.transaction_event_id == "2"
    assert await counter.house.tasks(ASK_TASK) == []


@pytest.mark.parametrize("product", SWISH)
async def test_swish_is_given_back_by_a_refund_and_by_nothing_else(counter: Counter, product: str) -> None:
    id = await paid(counter, product)
    with pytest.raises(NotVoidable):
        await operate(counter, id, "void")
    with pytest.raises(NotCapturable):
        await operate(counter, id, "capture", 1)
    assert (await operate(counter, id, "refund", 9800)).status == "PARTIALLY_REFUNDED"
    with pytest.raises(AmountExceedsRemaining):
        await operate(counter, id, "refund", 30001)
    assert (await operate(counter, id, "refund", 30000)).status == "REFUNDED"


async def test_a_payment_on_hold_is_told_and_told_again_when_it_is_taken(counter: Counter) -> None:
    session_id, attempt_id = await counter.waiting("collector.invoice", **HELD)
    await counter.approve(attempt_id)
    transaction = await counter.transaction(session_id)
    assert (transaction.status, await counter.state(session_id)) == ("ON_HOLD", "on_hold")
    assert transaction.url.approval_url.endswith(attempt_id)
    assert (await counter.approval(attempt_id)).in_review
    assert await counter.postings(transaction.id) == []
    await counter.approve(attempt_id)
    transaction = await counter.transaction(session_id)
    assert (transaction.status, await counter.state(session_id)) == ("AUTHORIZED", "paid")
    assert await counter.postings(transaction.id) == [("authorize", 39800)]
    assert [told.records for told in await callbacks(counter)] == ["ON_HOLD_CALLBACK_SENT", "AUTH_CALLBACK_SENT"]


async def test_a_payment_on_hold_that_is_not_taken_has_failed_and_the_shop_hears_of_it(counter: Counter) -> None:
    session_id, attempt_id = await counter.waiting("collector.invoice", **HELD)
    await counter.approve(attempt_id)
    await counter.decide(attempt_id, "decline")
    await counter.news()
    transaction = await counter.transaction(session_id)
    assert (transaction.status, await counter.state(session_id)) == ("FAILED", "failed")
    assert transaction.events[-1].error.code == "REVIEW_DECLINED"
    held, failed = await callbacks(counter)
    assert held.records == "ON_HOLD_CALLBACK_SENT"
    assert "error=failed" in failed.url


async def test_nothing_can_be_done_with_a_payment_on_hold(counter: Counter) -> None:
    session_id, attempt_id = await counter.waiting("collector.invoice", **HELD)
    await counter.approve(attempt_id)
    id = (await counter.transaction(session_id)).id
    for verb, refusal in (("capture", NotCapturable), ("refund", NotRefundable)):
        with pytest.raises(refusal):
            await operate(counter, id, verb, 1)
    with pytest.raises(NotVoidable):
        await operate(counter, id, "void")


async def test_a_review_takes_as_long_as_it_takes_and_the_money_is_held_from_then_on(counter: Counter) -> None:
    session_id, attempt_id = await counter.waiting("collector.invoice", **HELD)
    await counter.approve(attempt_id)
    counter.house.clock.advance(days=90)
    await counter.news()
    await counter.house.ring("checkout.expire_session")
    await counter.approve(attempt_id)
    transaction = await counter.transaction(session_id)
    assert transaction.status == "AUTHORIZED"
    assert transaction.authorization_expires_at - counter.house.clock() == PRODUCTS["collector.invoice"].authorization


async def test_an_invoice_is_reviewed_only_where_the_shop_enabled_it(counter: Counter) -> None:
    session_id, attempt_id = await counter.waiting("collector.invoice")
    await counter.approve(attempt_id)
    assert (await counter.transaction(session_id)).status == "AUTHORIZED"


async def test_two_reviews_at_once_are_one(counter: Counter) -> None:
    session_id, attempt_id = await counter.waiting("collector.invoice", **HELD)
    await counter.approve(attempt_id)
    await asyncio.gather(*(counter.decide(attempt_id, each) for each in ("approve", "decline", "approve", "decline")))
    await counter.news()
    status = {"approved": "AUTHORIZED", "declined": "FAILED"}[(await counter.approval(attempt_id)).state]
    assert (await counter.transaction(session_id)).status == status


async def test_the_customers_yes_twice_at_once_is_no_review(counter: Counter) -> None:
    session_id, attempt_id = await counter.waiting("collector.invoice", **HELD)
    await asyncio.gather(counter.decide(attempt_id), counter.decide(attempt_id))
    await counter.news()
    assert (await counter.transaction(session_id)).status in ("ON_HOLD", "AUTHORIZED")


async def test_an_external_payment_waits_for_the_shops_word(counter: Counter) -> None:
    session = await counter.session("dintero.external")
    payment = await counter.pay(session.id, "dintero.external")
    assert isinstance(payment, Paid)
    assert (payment.code, payment.redirect_url.partition("?")[0]) == ("ON_HOLD", "https://shop.example/thanks")
    transaction = await counter.transaction(session.id)
    assert transaction.status == "ON_HOLD"
    house = counter.house
    settled = await house.checkout.adjust(house.account_id, transaction.id, AuthorizationChange(), house.actor())
    assert settled.record.transaction.status == "AUTHORIZED"
    with pytest.raises(NotAdjustable):
        await house.checkout.adjust(house.account_id, transaction.id, AuthorizationChange(), house.actor())
    assert (await operate(counter, transaction.id, "capture", 39800)).status == "CAPTURED"


async def test_an_external_payment_approved_many_times_at_once_is_reserved_once(counter: Counter) -> None:
    session = await counter.session("dintero.external")
    await counter.pay(session.id, "dintero.external")
    id, house = (await counter.transaction(session.id)).id, counter.house
    approvals = (house.checkout.adjust(house.account_id, id, AuthorizationChange(), house.actor()) for _ in range(4))
    answers = await asyncio.gather(*approvals, return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert len(refused) == 3
    assert all(isinstance(answer, OperationUnderWay | NotAdjustable) for answer in refused)
    assert await counter.postings(id) == [("authorize", 39800)]


async def test_an_order_that_costs_nothing_is_paid_with_nothing(counter: Counter) -> None:
    session = await counter.session("dintero.zero", 0)
    payment = await counter.pay(session.id, "dintero.zero")
    assert isinstance(payment, Paid)
    transaction = await counter.transaction(session.id)
    assert (transaction.status, transaction.amount) == ("AUTHORIZED", 0)
    assert await counter.postings(transaction.id) == []
    assert transaction.authorization_expires_at is None
    with pytest.raises((AmountExceedsRemaining, AuthorizationExpired)):
        await operate(counter, transaction.id, "capture", 1)
    assert (await operate(counter, transaction.id, "void")).status == "AUTHORIZATION_VOIDED"


@pytest.mark.parametrize(("product", "amount"), [("dintero_psp.creditcard", 0), ("vipps", 0), ("dintero.zero", 1)])
async def test_nothing_is_paid_with_what_takes_nothing_and_with_that_alone(
    counter: Counter, product: str, amount: int
) -> None:
    session = await counter.session(product, amount)
    with pytest.raises(ProductNotOffered):
        await counter.pay(session.id, product, "4000000000000002")


@pytest.mark.parametrize(
    ("number", "amount", "code"),
    [
        ("6006 0000 0000 0100", 10_000, None),
        ("6006000000001000", 100_000, None),
        ("6006000000010000", 1_000_000, None),
        ("6006000000000100", 10_001, "INSUFFICIENT_FUNDS"),
        ("6006000000000001", 1, "INSUFFICIENT_FUNDS"),
        ("6006000000009999", 1, "DECLINED"),
    ],
)
async def test_a_gift_card_pays_all_or_nothing(counter: Counter, number: str, amount: int, code: str | None) -> None:
    session = await counter.session("dintero.wallets", amount)
    payment = await counter.pay(session.id, "dintero.wallets", gift_card=number)
    assert payment.decline.code == code if isinstance(payment, Declined) else code is None
    assert (await counter.transaction(session.id)).status == ("AUTHORIZED" if code is None else "INITIATED")


async def test_a_gift_card_payment_needs_its_number(counter: Counter) -> None:
    session = await counter.session("dintero.wallets")
    with pytest.raises(InvalidCard):
        await counter.pay(session.id, "dintero.wallets")
