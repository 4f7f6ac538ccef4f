"""An authorization is raised, finalised, lowered or made to hold for longer, and the money in all books follows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from kvitt.checkout.model.authorization import AuthorizationChange
from kvitt.checkout.model.payment import Operation, Outcome
from kvitt.checkout.model.transaction import EventError, Line
from kvitt.checkout.rules.totals import totals
from kvitt.core.errors import Conflicting, InvalidOperation, InvalidRequest, NotFound

from .conftest import SUCCESS
from .counter import Counter

Body = Callable[..., dict[str, Any]]
PRE_AUTHORIZED = {"dintero_psp": {"creditcard": {"enabled": True}}, "pre_authorization": True}
LINES = [{"line_id": "1", "amount": 45000, "description": "Stablestol, to og en pute"}]


@pytest.fixture
def server(own_server: Any) -> Any:
    """Other tests here do the worker's work by hand: no worker may be there then."""
    return own_server


async def paid(shop: Any, http: Any, sent: dict[str, Any]) -> str:
    """The address of a paid session's transaction."""
    sid = (await shop.post("/v1/sessions-profile", sent)).json()["id"]
    card = {"number": SUCCESS, "expiry": "12/34", "cvc": "123"}
    paying = {"payment_product_type": "dintero_psp.creditcard", "card": card}
    answer = await http.post(f"/v1/sessions/{sid}/pay", json=paying)
    return f"/v1/transactions/{answer.json()['transaction_id']}"


async def test_a_pre_authorization_is_raised_and_finalised_and_captured_whole(shop: Any, http: Any, body: Body) -> None:
    path = await paid(shop, http, body(configuration=PRE_AUTHORIZED))
    raised = await shop.post(f"{path}/authorization", {"amount": 45000, "items": LINES, "reference": "RAISE-1"})
    assert raised.status_code == 200, raised.text
    transaction = raised.json()
    assert (transaction["amount"], transaction["status"]) == (45000, "AUTHORIZED")
    assert transaction["items"] == LINES
    event = transaction["events"][-1]
    assert (event["event"], event["success"], event["amount"]) == ("AUTHORIZE", True, 45000)
    assert (event["event_reference"], event["items"]) == ("RAISE-1", LINES)
    assert event["request_id"] == raised.headers["x-request-id"]

    lines = [{"line_id": "1", "amount": 20000}]
    final = {"amount": 20000, "final_authorization": True, "items": lines, "reason": "Fewer", "description": "One"}
    finalised = await shop.post(f"{path}/authorization", final)
    assert (finalised.status_code, finalised.json()["amount"]) == (200, 20000)
    assert finalised.json()["events"][-1]["metadata"] == {"ext_reason": "Fewer", "ext_description": "One"}

    again = await shop.post(f"{path}/authorization", {"amount": 50000, "items": LINES})
    assert (again.status_code, again.json()["error"]["code"]) == (400, "INVALID_OPERATION")
    more = await shop.post(f"{path}/capture", {"amount": 20001})
    assert (more.status_code, more.json()["error"]["code"]) == (400, "AMOUNT_EXCEEDS_REMAINING")
    captured = await shop.post(f"{path}/capture", {"amount": 20000})
    assert (captured.status_code, captured.json()["status"]) == (200, "CAPTURED")
    assert [event["event"] for event in captured.json()["events"]] == [
        "INITIALIZE", "AUTHORIZE", "AUTHORIZE", "AUTHORIZE", "CAPTURE",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        ({"amount": 39800, "items": LINES}, "amount"),
        ({"amount": 30000, "items": LINES, "final_authorization": False}, "amount"),
        ({"amount": 45000}, "items"),
        ({"amount": 45000, "items": []}, "items"),
        ({"items": LINES}, "amount"),
        ({}, "amount"),
        (None, "amount"),
        ({"amount": 0, "final_authorization": True, "items": LINES}, "amount"),
        ({"amount": -1, "items": LINES}, "amount"),
        ({"amount": 39800.5, "items": LINES}, "amount"),
        ({"amount": "45000", "items": LINES}, "amount"),
        ({"amount": 10**13, "items": LINES}, "amount"),
        ({"amount": 45000, "items": [{"amount": 45000}]}, "items.0.line_id"),
        ({"amount": 45000, "items": LINES, "reason": "x" * 257}, "reason"),
    ],
)
async def test_what_a_pre_authorization_cannot_become_is_refused_by_its_path_and_nothing_is_recorded(
    shop: Any, http: Any, body: Body, sent: Any, path: str
) -> None:
    transaction = await paid(shop, http, body(configuration=PRE_AUTHORIZED))
    before = (await shop.get(transaction)).json()
    refused = await shop.post(f"{transaction}/authorization", sent)
    assert refused.status_code == 400, refused.text
    assert refused.json()["error"]["code"] == "INVALID_REQUEST_PARAMETER"
    assert [fault["path"] for fault in refused.json()["error"]["errors"]] == [path]
    assert (await shop.get(transaction)).json() == before


async def test_both_faults_of_one_request_are_told(shop: Any, http: Any, body: Body) -> None:
    transaction = await paid(shop, http, body(configuration=PRE_AUTHORIZED))
    refused = await shop.post(f"{transaction}/authorization", {"amount": 1})
    assert [fault["path"] for fault in refused.json()["error"]["errors"]] == ["amount", "items"]


async def test_a_transaction_without_lines_needs_none_and_amounts_may_come_as_floats(
    shop: Any, http: Any, body: Body
) -> None:
    transaction = await paid(shop, http, body(configuration=PRE_AUTHORIZED, order__items=None))
    raised = await shop.post(f"{transaction}/authorization", {"amount": 45000.0, "id": "mage", "unheard_of": 1})
    assert (raised.status_code, raised.json()["amount"]) == (200, 45000)
    assert "items" not in raised.json()


async def test_a_session_that_asked_for_no_pre_authorization_has_none(shop: Any, http: Any, body: Body) -> None:
    transaction = await paid(shop, http, body())
    for sent in ({"amount": 45000, "items": LINES}, {"amount": 1, "items": LINES, "final_authorization": True}):
        refused = await shop.post(f"{transaction}/authorization", sent)
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "INVALID_OPERATION")
    assert len((await shop.get(transaction)).json()["events"]) == 2


async def test_the_authorization_of_another_shop_is_not_found(shop: Any, http: Any, body: Body, server: Any) -> None:
    transaction = await paid(shop, http, body(configuration=PRE_AUTHORIZED))
    async with server.shop(f"T9{shop.account_id[2:]}", scopes=["admin:checkout"]) as stranger:
        refused = await stranger.post(f"{transaction}/authorization", {"amount": 45000, "items": LINES})
    assert refused.status_code == 404


# on a real store, with a provider that fails


async def adjust(house: Any, transaction_id: str, amount: int | None = None, **more: Any) -> Any:
    asked = AuthorizationChange(amount, items=(Line("1", amount),) if amount else None, **more)
    return await house.checkout.adjust(house.account_id, transaction_id, asked, house.actor())


async def capture(house: Any, transaction_id: str, amount: int) -> Any:
    return await house.checkout.operate(house.account_id, transaction_id, Operation("capture", amount), house.actor())


async def pre_authorized(house: Any) -> str:
    return str(await house.paid(configuration=PRE_AUTHORIZED))


async def sums(house: Any) -> tuple[int, int]:
    """What the provider's own books believe: authorized and captured."""
    (found,) = [each async for each in house.books.believed(house.account_id)]
    return found.authorized, found.captured


async def authorized_in_the_ledger(house: Any) -> int:
    async def run(connection: Any) -> int:
        rows = await connection.fetch(
            "select debit, credit, amount from postings where account_id = $1", house.account_id
        )
        arrived = sum(row["amount"] for row in rows if row["debit"] == "authorized")
        return int(arrived - sum(row["amount"] for row in rows if row["credit"] == "authorized"))

    return int(await house.store._lines.run(run))


async def test_the_providers_books_and_the_ledger_follow(house: Any) -> None:
    transaction_id = await pre_authorized(house)
    await adjust(house, transaction_id, 50000)
    assert (await sums(house), await authorized_in_the_ledger(house)) == ((50000, 0), 50000)
    await capture(house, transaction_id, 10000)
    await adjust(house, transaction_id, 30000, final=True)
    assert (await sums(house), await authorized_in_the_ledger(house)) == ((30000, 10000), 20000)
    await capture(house, transaction_id, 20000)
    assert (await sums(house), await authorized_in_the_ledger(house)) == ((30000, 30000), 0)
    assert (await house.get(transaction_id)).status == "CAPTURED"
    assert await house.tasks("checkout.ask_provider") == []
    assert await house.tasks("checkout.authorization_expiry") == []


async def test_lowered_to_what_was_captured_it_is_captured_whole_and_does_not_expire(house: Any) -> None:
    transaction_id = await pre_authorized(house)
    await capture(house, transaction_id, 10000)
    with pytest.raises(InvalidRequest, match="cannot be changed so"):
        await adjust(house, transaction_id, 9999, final=True)
    settled = await adjust(house, transaction_id, 10000, final=True)
    assert settled.record.transaction.status == "CAPTURED"
    assert await house.tasks("checkout.authorization_expiry") == []
    with pytest.raises(InvalidOperation):
        await adjust(house, transaction_id, 20000)


async def test_a_fault_script_may_refuse_it_over_http(shop: Any, http: Any, body: Body) -> None:
    path = await paid(shop, http, body(configuration=PRE_AUTHORIZED))
    rule = {"fault": "decline", "error": "INSUFFICIENT_FUNDS", "match": {"verb": "adjust"}, "times": 1}
    await shop.post(f"/v1/accounts/{shop.account_id}/sandbox/faults", rule)
    refused = await shop.post(f"{path}/authorization", {"amount": 45000, "items": LINES})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "PROVIDER_DECLINED")
    event = (await shop.get(path)).json()["events"][-1]
    assert (event["event"], event["success"], event["error"]["type"]) == ("AUTHORIZE", False, ["INSUFFICIENT_FUNDS"])
    assert event["correction"]["remaining_capture_amount"] == 39800
    raised = await shop.post(f"{path}/authorization", {"amount": 45000, "items": LINES})
    assert (raised.status_code, raised.json()["amount"]) == (200, 45000)


async def test_a_refusal_of_the_provider_is_an_event_and_changes_no_amount(house: Any) -> None:
    transaction_id = await pre_authorized(house)
    provider = house.checkout._desk.providers["sandbox"]

    async def refuse(ask: Any) -> Outcome:
        return Outcome("refused", EventError("Too much", type=("EXCEEDS_APPROVAL_LIMIT",)))

    provider.act = refuse
    assert (await adjust(house, transaction_id, 50000)).attempt.status == "refused"
    transaction = await house.get(transaction_id)
    event = transaction.events[-1]
    assert (event.event, event.success, event.error.message) == ("AUTHORIZE", False, "Too much")
    assert (transaction.amount, transaction.status) == (39800, "AUTHORIZED")
    assert await authorized_in_the_ledger(house) == 39800


async def test_an_unknown_change_holds_captures_back_until_the_truth_is_known(house: Any) -> None:
    transaction_id = await pre_authorized(house)
    provider = house.checkout._desk.providers["sandbox"]
    act, asked = provider.act, []

    async def silent(ask: Any) -> Outcome:
        asked.append((ask.attempt_id, ask.verb, ask.amount))
        await act(ask)
        return Outcome("unknown")

    provider.act = silent
    settled = await adjust(house, transaction_id, 50000)
    assert settled.attempt.status == "unknown"
    waiting = await house.get(transaction_id)
    assert (waiting.amount, [event.event for event in waiting.events]) == (39800, ["INITIALIZE", "AUTHORIZE"])
    for again in (
        adjust(house, transaction_id, 60000),
        capture(house, transaction_id, 1),
        capture(house, transaction_id, 45000),  # more than there is, and less than there may be soon
        house.checkout.operate(house.account_id, transaction_id, Operation("void"), house.actor()),
    ):
        with pytest.raises(Conflicting):
            await again
    house.clock.advance(seconds=5)
    assert await house.ring("checkout.ask_provider") == 1
    provider.act = act
    house.clock.advance(seconds=15)
    assert await house.ring("checkout.ask_provider") == 1
    transaction = await house.get(transaction_id)
    assert (transaction.amount, transaction.events[-1].event) == (50000, "AUTHORIZE")
    assert transaction.events[-1].correlation_request_id == settled.attempt.request_id
    assert len(set(asked)) == 1
    assert (await sums(house), await authorized_in_the_ledger(house)) == ((50000, 0), 50000)
    await capture(house, transaction_id, 50000)


async def test_over_http_an_unknown_change_is_202_and_names_the_request(
    shop: Any, http: Any, body: Body, server: Any
) -> None:
    path = await paid(shop, http, body(configuration=PRE_AUTHORIZED))
    provider = server.app.checkout._desk.providers["sandbox"]

    async def silent(ask: Any) -> Outcome:
        return Outcome("unknown")

    provider.act = silent
    answer = await shop.post(f"{path}/authorization", {"amount": 45000, "items": LINES})
    assert (answer.status_code, answer.json()["amount"]) == (202, 39800)
    assert answer.headers["event-request-id"] == answer.headers["x-request-id"]
    for operation, sent in (("authorization", {"amount": 46000, "items": LINES}), ("capture", {"amount": 1})):
        refused = await shop.post(f"{path}/{operation}", sent)
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "CONFLICT")


async def test_many_raises_at_once_are_one_after_another_or_told_to_wait(house: Any) -> None:
    transaction_id = await pre_authorized(house)
    answers = await asyncio.gather(
        *(adjust(house, transaction_id, 40000 + 100 * n) for n in range(20)), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert len(refused) < 20
    assert all(isinstance(answer, Conflicting | InvalidRequest) for answer in refused)
    transaction = await house.get(transaction_id)
    told = [event.amount for event in transaction.events[1:]]
    assert told == sorted(set(told))
    assert (transaction.amount, await sums(house)) == (told[-1], (told[-1], 0))
    assert await authorized_in_the_ledger(house) == told[-1]


async def test_raise_and_capture_at_once_have_one_order(house: Any) -> None:
    for _ in range(5):
        transaction_id = await pre_authorized(house)
        answers = await asyncio.gather(
            adjust(house, transaction_id, 50000), capture(house, transaction_id, 39800), return_exceptions=True
        )
        assert all(isinstance(each, Conflicting | InvalidOperation) for each in answers if isinstance(each, Exception))
        known = totals((await house.checkout._desk.transaction(house.account_id, transaction_id)).doc)
        (believed,) = [e async for e in house.books.believed(house.account_id) if e.payment_id == transaction_id]
        assert (believed.authorized, believed.captured) == (known.authorized, known.captured)


async def test_klarna_changes_any_amount_and_holds_for_longer(house: Any) -> None:
    """Its own books know until when: a capture after the first end goes through once it holds for longer."""
    counter = Counter(house)
    session_id, attempt_id = await counter.waiting("klarna.klarna")
    await counter.approve(attempt_id)
    transaction_id = (await counter.transaction(session_id)).id
    await adjust(house, transaction_id, 20000)
    await adjust(house, transaction_id, 45000)
    assert (await sums(house), await authorized_in_the_ledger(house)) == ((45000, 0), 45000)
    house.clock.advance(days=27)
    settled = await adjust(house, transaction_id)
    assert settled.record.transaction.authorization_expires_at == house.clock() + timedelta(days=28)
    assert settled.record.transaction.amount == 45000
    house.clock.advance(days=20)
    assert await house.ring("checkout.authorization_expiry") == 0
    await capture(house, transaction_id, 45000)
    assert await sums(house) == (45000, 45000)
    with pytest.raises(InvalidOperation):
        await adjust(house, transaction_id)


async def test_an_authorization_of_another_account_is_not_found(house: Any) -> None:
    transaction_id = await pre_authorized(house)
    with pytest.raises(NotFound):
        await house.checkout.adjust("T00000001", transaction_id, AuthorizationChange(50000), house.actor())
