"""A fault script is checked, kept, shown, and bounded."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Developer

RULE = {"match": {"verb": "capture", "amount": 100}, "fault": "silent_after", "seconds": 7, "times": 2, "chance": 12.5}


async def test_a_script_is_shown_as_it_was_set(developer: Developer) -> None:
    [rule] = await developer.script(RULE)
    shown = {**RULE, "id": rule["id"], "seen": 0, "used": 0, "seed": 0}
    assert rule == shown
    assert (await developer.shop.get(developer.faults_path)).json() == {"rules": [shown]}


async def test_rules_are_added_at_the_end_taken_out_and_cleared(developer: Developer) -> None:
    await developer.script({"fault": "late"})
    answer = await developer.shop.post(developer.faults_path, {"fault": "slow"})
    first, second = answer.json()["rules"]
    assert [first["fault"], second["fault"]] == ["late", "slow"]
    answer = await developer.shop.http.delete(f"{developer.faults_path}/{first['id']}")
    assert [rule["fault"] for rule in answer.json()["rules"]] == ["slow"]
    assert (await developer.shop.http.delete(f"{developer.faults_path}/{first['id']}")).status_code == 404
    assert (await developer.shop.http.delete(developer.faults_path)).json() == {"rules": []}


async def test_one_key_adds_a_rule_once(developer: Developer) -> None:
    headers = {"Idempotency-Key": "one"}
    answers = [await developer.shop.post(developer.faults_path, {"fault": "late"}, headers=headers) for _ in range(2)]
    assert answers[0].text == answers[1].text
    assert answers[1].headers["idempotent-replayed"] == "true"
    assert len((await developer.shop.get(developer.faults_path)).json()["rules"]) == 1


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ({}, "rules.0.fault"),
        ({"fault": "explode"}, "rules.0.fault"),
        ({"fault": "decline", "error": "NO"}, "rules.0.error"),
        ({"fault": "late", "error": "DECLINED"}, "rules.0.error"),
        ({"fault": "decline", "seconds": 3}, "rules.0.seconds"),
        ({"fault": "slow", "seconds": 61}, "rules.0.seconds"),
        ({"fault": "late", "seconds": -1}, "rules.0.seconds"),
        ({"fault": "late", "seconds": 1e300}, "rules.0.seconds"),
        ({"notice": "sent", "notice_seconds": 3}, "rules.0.notice_seconds"),
        ({"fault": "silent_before", "notice": "sent"}, "rules.0.notice"),
        ({"fault": "three_d_secure_failed", "match": {"verb": "refund"}}, "rules.0.match.verb"),
        ({"fault": "late", "match": {"card": "4111111111111111"}}, "rules.0.match.card"),
        ({"fault": "late", "match": {"amount": 0}}, "rules.0.match.amount"),
        ({"fault": "late", "match": {"colour": "red"}}, "rules.0.match"),
        ({"fault": "late", "time": 3}, "rules.0"),
        ({"fault": "late", "times": 0}, "rules.0.times"),
        ({"fault": "late", "times": "often"}, "rules.0.times"),
        ({"fault": "late", "chance": 0}, "rules.0.chance"),
        ({"fault": "late", "chance": 101}, "rules.0.chance"),
        ({"fault": "late", "seed": -1}, "rules.0.seed"),
    ],
)
async def test_a_rule_that_makes_no_sense_is_refused_with_the_place(
    developer: Developer, rule: dict[str, Any], path: str
) -> None:
    answer = await developer.shop.put(developer.faults_path, {"rules": [rule]})
    assert answer.status_code == 400, answer.text
    assert path in [error.get("path") for error in answer.json()["error"]["errors"]], answer.text
    assert (await developer.shop.get(developer.faults_path)).json() == {"rules": []}


async def test_a_script_has_a_hundred_rules_at_most(developer: Developer) -> None:
    rule = {"fault": "late", "match": {"transaction_id": "none"}}
    assert len(await developer.script(*[rule] * 100)) == 100
    answer = await developer.shop.put(developer.faults_path, {"rules": [rule] * 101})
    assert answer.status_code == 400
    answer = await developer.shop.post(developer.faults_path, rule)
    assert (answer.status_code, "100 rules" in answer.text) == (400, True)
    assert len((await developer.shop.get(developer.faults_path)).json()["rules"]) == 100


async def test_a_script_of_another_account_strikes_nobody_here(developer: Developer) -> None:
    async with developer.server.shop("T00000077", ["admin:checkout"]) as other:
        await other.put("/v1/accounts/T00000077/sandbox/faults", {"rules": [{"fault": "decline"}]})
    await developer.paid()
