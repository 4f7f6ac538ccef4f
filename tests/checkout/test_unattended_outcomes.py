"""A payment that the shop started, whose provider did not say at once what happened."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from kvitt.checkout.flows import Actor
from kvitt.checkout.flows.saved_cards import use_of
from kvitt.checkout.model.payment import CardDetails
from kvitt.checkout.model.session import SESSIONS, SessionOptions
from kvitt.checkout.model.token import CARD_TOKENS
from kvitt.checkout.rules.moment import Moment
from kvitt.checkout.rules.payments import begin_payment
from kvitt.core.idempotency import Replayed, once
from kvitt.core.ids import new_short_id
from kvitt.core.reply import reply

from .wallet import PAYEX, saving

VANISHES, TOOK_EFFECT, DECLINED = 9_990_033, 9_990_034, 9_990_002
ASK = "checkout.ask_provider"


async def saved(house: Any) -> tuple[str, str]:
    session = await house.session(profile_id=None, configuration=saving())
    paid = await house.checkout.pay(
        session.id, PAYEX, CardDetails("5200000000000007", "12/34", "123"), Actor(str(uuid4()))
    )
    includes = ("card.payment_token",)
    card = (await house.checkout.get_transaction(house.account_id, paid.transaction_id, includes)).card
    return card.payment_token, card.payment_token_id


async def pay(house: Any, token: str, amount: int, key: str | None = None, **configuration: Any) -> Any:
    options = {
        "url": {"return_url": "", "callback_url": "https://shop.example/hook?report_error=true"},
        "order": {"amount": amount, "currency": "NOK", "merchant_reference": "SUB-1"},
        "customer": {"tokens": {PAYEX: {"payment_token": token}}},
        "configuration": configuration,
    }
    actor = house.actor()
    if key is not None:
        actor = replace(actor, once=once(house.account_id, key, (b"same",), reply))
    said = await house.checkout.pay_unattended(
        house.account_id, msgspec.convert(options, SessionOptions), PAYEX, "unscheduled_purchase", frozenset(), actor
    )
    return said.status, json.loads(bytes(said.body))


async def tries(house: Any, id: str) -> list[bool]:
    row = await house.store.get(CARD_TOKENS, house.account_id, id)
    return [each.failed for each in row.doc.tries]


async def callbacks(house: Any) -> list[str]:
    return [json.loads(task.data)["url"] for task in await house.tasks("checkout.callback")]


async def test_what_went_through_after_all_is_authorized_later_and_the_shop_is_called(house: Any) -> None:
    token, id = await saved(house)
    status, said = await pay(house, token, TOOK_EFFECT)
    assert (status, said["status"], await tries(house, id)) == (202, "INITIATED", [False])
    house.clock.advance(seconds=6)
    assert await house.ring(ASK) == 1
    assert (await house.get(said["id"])).status == "AUTHORIZED"
    assert await tries(house, id) == []
    (url,) = await callbacks(house)
    assert "&error=" not in url
    assert await house.tasks("checkout.expire_session") == []


async def test_what_never_arrived_fails_later_and_the_shop_is_called_with_the_error(house: Any) -> None:
    token, id = await saved(house)
    _, said = await pay(house, token, VANISHES)
    house.clock.advance(seconds=21)
    await house.ring(ASK)
    transaction = await house.get(said["id"])
    assert transaction.status == "FAILED"
    assert transaction.events[-1].error.code == "NOT_RECEIVED"
    assert await tries(house, id) == []
    (url,) = await callbacks(house)
    assert "error=failed" in url
    assert (await house.checkout.view(said["session_id"])).state == "failed"
    assert await house.books.of_payment(house.account_id, said["id"]) != []
    assert await house.tasks("checkout.expire_session") == []


async def test_the_key_is_answered_with_what_became_of_it(house: Any) -> None:
    token, _ = await saved(house)
    first = await pay(house, token, TOOK_EFFECT, key="k")
    house.clock.advance(seconds=6)
    await house.ring(ASK)
    with pytest.raises(Replayed) as known:
        await pay(house, token, TOOK_EFFECT, key="k")
    later = json.loads(bytes(known.value.reply.body))
    assert (first[0], known.value.reply.status) == (202, 200)
    assert (later["id"], later["success"], later["status"]) == (first[1]["id"], True, "AUTHORIZED")
    assert token not in bytes(known.value.reply.body).decode()


async def test_a_decline_is_told_to_shops_that_ask_for_errors(house: Any) -> None:
    token, id = await saved(house)
    status, said = await pay(house, token, DECLINED)
    assert (status, said["status"]) == (200, "FAILED")
    (url,) = await callbacks(house)
    assert "error=failed" in url
    assert await tries(house, id) == [True]


async def test_a_deletion_does_not_stop_what_was_under_way(house: Any) -> None:
    token, id = await saved(house)
    _, said = await pay(house, token, TOOK_EFFECT)
    await house.checkout.delete_card_token(house.account_id, id, None, "MERCHANT", house.actor())
    house.clock.advance(seconds=6)
    await house.ring(ASK)
    assert (await house.get(said["id"])).status == "AUTHORIZED"
    row = await house.store.get(CARD_TOKENS, house.account_id, id)
    assert (row.doc.token.status, row.doc.tries) == ("DELETED", ())


async def test_a_blocked_try_whose_process_died_is_never_sent_to_the_provider(house: Any) -> None:
    """The intent alone is committed, as when the process ends right then; the task goes on from there."""
    token, id = await saved(house)
    for _ in range(10):
        await pay(house, token, DECLINED)
    session = await house.session(profile_id=None, configuration=saving())
    row = await house.store.get(SESSIONS, house.account_id, session.id)
    token_row = await house.store.get(CARD_TOKENS, house.account_id, id)
    use, card, noted = use_of(house.account_id, token_row, "attempt", house.clock())
    transaction_id = new_short_id(house.account_id, house.clock())
    moment = Moment(house.clock(), str(uuid4()), ())
    change, *_ = begin_payment(
        house.account_id, row, None, transaction_id, "attempt", PAYEX, card, None, moment, use=use
    )  # fmt: skip
    await house.store.commit(change + noted)
    house.clock.advance(seconds=21)
    await house.ring(ASK)
    transaction = await house.get(transaction_id)
    assert transaction.status == "INITIATED"
    assert transaction.events[-1].error.code == "REATTEMPT_LIMIT"
    assert await house.books.of_payment(house.account_id, transaction_id) == []
    assert await tries(house, id) == [True] * 10
