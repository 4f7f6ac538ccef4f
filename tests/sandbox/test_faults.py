"""Every fault at least once, through HTTP: what the shop sees, what the provider believes, how the truth comes out."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kvitt.checkout.providers.declines import DECLINES
from tests_support import Server

from .conftest import Developer, eventually


def _error(transaction: Any) -> Any:
    return transaction["events"][-1]["error"]


@pytest.mark.parametrize("type", DECLINES)
async def test_a_decline_has_each_documented_error_type(developer: Developer, type: str) -> None:
    await developer.script({"match": {"verb": "authorize"}, "fault": "decline", "error": type})
    session_id = await developer.session()
    assert (await developer.pay(session_id))["success"] is False
    error = _error(await developer.transaction(await developer.transaction_of(session_id)))
    assert error["type"] == [type]


@pytest.mark.parametrize("verb", ["capture", "refund", "void"])
async def test_every_operation_can_be_declined(developer: Developer, verb: str) -> None:
    transaction_id = await developer.paid()
    if verb == "refund":
        await developer.operate(transaction_id, "capture", 39800)
    await developer.script({"match": {"verb": verb}, "fault": "decline", "error": "ISSUER_ERROR"})
    answer = await developer.operate(transaction_id, verb, None if verb == "void" else 100)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "PROVIDER_DECLINED")
    assert _error(await developer.transaction(transaction_id))["type"] == ["ISSUER_ERROR"]
    assert (await developer.movements(transaction_id))[-1][2] == "refused"


async def test_three_d_secure_declines_with_its_own_error(developer: Developer) -> None:
    await developer.script({"fault": "three_d_secure_failed"})
    session_id = await developer.session()
    assert (await developer.pay(session_id))["success"] is False
    assert _error(await developer.transaction(await developer.transaction_of(session_id)))["code"] == "3DS_FAILED"


async def test_three_d_secure_that_is_abandoned_is_unknown_until_it_is_refused(developer: Developer) -> None:
    await developer.script({"fault": "three_d_secure_abandoned", "seconds": 600})
    session_id = await developer.session()
    assert "poll_url" in await developer.pay(session_id)
    transaction_id = await developer.transaction_of(session_id)
    await developer.advance("PT10M")

    async def refused() -> bool:
        return len((await developer.transaction(transaction_id))["events"]) == 2

    await eventually(refused)
    assert _error(await developer.transaction(transaction_id))["code"] == "3DS_ABANDONED"
    await developer.script()
    assert (await developer.pay(session_id))["success"] is True


async def test_a_slow_answer_within_patience_is_an_answer(developer: Developer) -> None:
    transaction_id = await developer.paid()
    await developer.script({"fault": "slow", "seconds": 0.5})
    began = asyncio.get_running_loop().time()
    assert (await developer.operate(transaction_id, "capture", 100)).status_code == 200
    assert asyncio.get_running_loop().time() - began >= 0.5


@pytest.mark.slow
async def test_an_answer_slower_than_patience_is_unknown_and_comes_as_a_notice(developer: Developer) -> None:
    transaction_id = await developer.paid()
    await developer.script({"fault": "slow", "seconds": 11})
    answer = await developer.operate(transaction_id, "capture", 39800)
    assert answer.status_code == 202
    await developer.until(transaction_id, "CAPTURED")


async def test_silence_before_the_effect_did_nothing_and_is_done_when_asked_again(developer: Developer) -> None:
    transaction_id = await developer.paid()
    await developer.script({"match": {"verb": "capture"}, "fault": "silent_before", "times": 1})
    assert (await developer.operate(transaction_id, "capture", 39800)).status_code == 202
    assert [movement[0] for movement in await developer.movements(transaction_id)] == ["authorize"]
    await developer.advance("PT5S")
    await developer.until(transaction_id, "CAPTURED")
    assert await developer.movements(transaction_id) == [("authorize", 39800, "done"), ("capture", 39800, "done")]


async def test_an_authorization_that_never_arrived_never_will(developer: Developer) -> None:
    await developer.script({"fault": "silent_before"})
    session_id = await developer.session()
    assert "poll_url" in await developer.pay(session_id)
    await developer.advance("PT5S")
    transaction_id = await developer.transaction_of(session_id)

    async def refused() -> Any:
        return [each for each in (await developer.transaction(transaction_id))["events"] if not each["success"]]

    [event] = await eventually(refused)
    assert event["error"]["code"] == "NOT_RECEIVED"
    assert await developer.movements(transaction_id) == [("authorize", 39800, "fenced")]


@pytest.mark.parametrize("fault", ["silent_after", "late"])
async def test_an_outcome_whose_answer_was_kept_back_comes_as_a_notice(developer: Developer, fault: str) -> None:
    transaction_id = await developer.paid()
    await developer.script({"fault": fault, "seconds": 3600})
    answer = await developer.operate(transaction_id, "capture", 39800)
    assert answer.status_code == 202
    await developer.advance("PT1H")
    settled = await developer.until(transaction_id, "CAPTURED")
    assert settled["events"][-1]["correlation_request_id"] == answer.headers["event-request-id"]


async def test_nonsense_is_no_answer_and_the_notice_brings_the_truth(developer: Developer) -> None:
    transaction_id = await developer.paid()
    await developer.script({"fault": "garbage"})
    assert (await developer.operate(transaction_id, "refund", 1)).status_code == 400  # ours: nothing is captured
    assert (await developer.operate(transaction_id, "capture", 39800)).status_code == 202
    await developer.until(transaction_id, "CAPTURED")
    assert len(await developer.movements(transaction_id)) == 2


async def test_an_answer_that_comes_twice_counts_once(developer: Developer) -> None:
    transaction_id = await developer.paid()
    await developer.script({"fault": "answers_twice"})
    assert (await developer.operate(transaction_id, "capture", 100)).status_code == 200
    await _no_more_notices(developer)
    assert [event["event"] for event in (await developer.transaction(transaction_id))["events"][2:]] == ["CAPTURE"]


async def test_a_notice_may_come_before_its_answer(developer: Developer) -> None:
    transaction_id = await developer.paid()
    await developer.script({"notice": "before"})
    answer = await developer.operate(transaction_id, "capture", 39800)
    assert answer.status_code == 200
    [capture] = [event for event in answer.json()["events"] if event["event"] == "CAPTURE"]
    # The notice settled it: on nobody's request, which names ours.
    assert capture["correlation_request_id"] == answer.headers["x-request-id"]


async def test_a_lost_notice_is_made_up_for_by_asking_again(developer: Developer) -> None:
    transaction_id = await developer.paid()
    await developer.script({"fault": "silent_after", "seconds": 60, "notice": "lost"})
    assert (await developer.operate(transaction_id, "capture", 39800)).status_code == 202
    await _no_more_notices(developer)
    await developer.script()
    for _ in range(2):  # after 5 seconds it is still silent, 15 seconds later too
        await developer.advance("PT30S")
    await developer.advance("PT1M")
    await developer.until(transaction_id, "CAPTURED")


async def test_a_notice_that_comes_twice_counts_once(developer: Developer) -> None:
    transaction_id = await developer.paid()
    await developer.script({"fault": "silent_after", "seconds": 1, "notice": "twice"})
    assert (await developer.operate(transaction_id, "capture", 100)).status_code == 202
    await _no_more_notices(developer)
    events = [event["event"] for event in (await developer.transaction(transaction_id))["events"][2:]]
    assert events == ["INITIATE_CAPTURE", "CAPTURE"]


async def test_a_notice_can_be_delayed(developer: Developer) -> None:
    transaction_id = await developer.paid()
    await developer.script({"fault": "silent_after", "seconds": 0, "notice": "delayed", "notice_seconds": 3600})
    await developer.operate(transaction_id, "capture", 39800)
    assert await _notices(developer) == 1
    await developer.advance("PT1H")
    await _no_more_notices(developer)


async def test_notices_can_come_out_of_order(developer: Developer) -> None:
    transaction_id = await developer.paid()
    await developer.script(
        {"match": {"amount": 100}, "fault": "silent_after", "seconds": 0, "notice": "out_of_order",
         "notice_seconds": 86400},
        {"match": {"amount": 200}, "fault": "silent_after", "seconds": 0},
    )  # fmt: skip
    heard: list[str] = []
    await _listen(developer, heard)
    await developer.operate(transaction_id, "capture", 100)
    await developer.operate(transaction_id, "capture", 200)
    await _no_more_notices(developer)
    amounts = {each.attempt_id: each.amount for each in await _books(developer, transaction_id)}
    assert [amounts[attempt_id] for attempt_id in heard] == [200, 100]


async def test_a_notice_that_kvitt_did_not_take_is_sent_again(developer: Developer) -> None:
    transaction_id = await developer.paid()
    await developer.script({"notice": "sent"})
    heard: list[str] = []
    await _listen(developer, heard, failing=1)
    await developer.operate(transaction_id, "capture", 100)

    async def twice() -> bool:
        return len(heard) == 2

    await eventually(twice)
    await _no_more_notices(developer)


async def test_a_rule_strikes_as_often_as_it_says_over_all_processes(
    developer: Developer, another_server: Server
) -> None:
    transaction_id = await developer.paid(100_000)
    [rule] = await developer.script({"match": {"verb": "capture"}, "fault": "decline", "times": 3})
    await another_server.app.sandbox.refresh()
    answers = await asyncio.gather(
        *(
            developer.shop.post(f"{url}/v1/transactions/{transaction_id}/capture", {"amount": 100})
            for url in (developer.shop.url, another_server.url) * 8
        )
    )
    codes = [answer.status_code for answer in answers]
    assert sorted(codes) == [200] * 13 + [400] * 3, [answer.text for answer in answers]
    shown = (await developer.shop.get(developer.faults_path)).json()["rules"]
    assert [(each["id"], each["used"]) for each in shown] == [(rule["id"], 3)]


async def test_chance_has_the_same_fate_for_the_same_seed(developer: Developer) -> None:
    async def run() -> list[int]:
        await developer.script({"match": {"verb": "capture"}, "fault": "decline", "chance": 50, "seed": 7})
        transaction_id = await developer.paid()
        return [(await developer.operate(transaction_id, "capture", 1)).status_code for _ in range(16)]

    first, second = await run(), await run()
    assert first == second
    assert 200 in first
    assert 400 in first


@pytest.mark.parametrize(
    ("match", "struck"),
    [
        ({"amount": 100}, True), ({"amount": 101}, False), ({"verb": "capture"}, True), ({"verb": "void"}, False),
        ({"card": "5200 0000 0000 0007"}, True), ({"card": "4000200000000008"}, False),
        ({"product": "dintero_psp.creditcard"}, True), ({"product": "payex.creditcard"}, False),
        ({"transaction_id": "another"}, False), ({"verb": "capture", "amount": 100}, True),
    ],
)  # fmt: skip
async def test_all_that_a_rule_names_has_to_agree(developer: Developer, match: dict[str, Any], struck: bool) -> None:
    transaction_id = await developer.paid()
    await developer.script({"match": match, "fault": "decline"})
    assert (await developer.operate(transaction_id, "capture", 100)).status_code == (400 if struck else 200)


async def test_the_first_rule_that_agrees_strikes_and_one_that_is_used_up_lets_the_next_go(
    developer: Developer,
) -> None:
    transaction_id = await developer.paid()
    capture = {"verb": "capture"}
    await developer.script(
        {"match": capture, "fault": "decline", "error": "EXPIRED_CARD", "times": 1},
        {"match": capture, "fault": "decline", "error": "CLOSED_ACCOUNT", "times": 1},
    )
    types = []
    for _ in range(2):
        await developer.operate(transaction_id, "capture", 100)
        types.append(_error(await developer.transaction(transaction_id))["type"])
    assert types == [["EXPIRED_CARD"], ["CLOSED_ACCOUNT"]]
    assert (await developer.operate(transaction_id, "capture", 100)).status_code == 200


async def test_amounts_go_wrong_for_shops_that_cannot_set_a_script(developer: Developer) -> None:
    session_id = await developer.session(9_990_008)
    assert (await developer.pay(session_id))["success"] is False
    error = _error(await developer.transaction(await developer.transaction_of(session_id)))
    assert error["type"] == ["INSUFFICIENT_FUNDS"]
    transaction_id = await developer.paid(9_990_040)
    assert (await developer.operate(transaction_id, "capture", 9_990_040)).status_code == 400


async def _notices(developer: Developer) -> int:
    lines = developer.server.app.books._lines
    query = "select count(*) from sandbox.notices where account_id = $1"
    return int(await lines.run(lambda connection: connection.fetchval(query, developer.account_id)))


async def _no_more_notices(developer: Developer) -> None:
    async def none() -> bool:
        return await _notices(developer) == 0

    await eventually(none)


async def _books(developer: Developer, transaction_id: str) -> list[Any]:
    return list(await developer.server.app.books.of_payment(developer.account_id, transaction_id))


async def _listen(developer: Developer, heard: list[str], failing: int = 0) -> None:
    """Hears which attempts of the account are told of; refuses the first few times."""
    house, checkout = developer.server.app.sandbox, developer.server.app.checkout

    async def notified(account_id: str, transaction_id: str, attempt_id: str) -> None:
        if account_id == developer.account_id:
            heard.append(attempt_id)
            if len(heard) <= failing:
                raise ConnectionError("kvitt is away")
        await checkout.notified(account_id, transaction_id, attempt_id)

    await house.close()
    house.start(notified)
