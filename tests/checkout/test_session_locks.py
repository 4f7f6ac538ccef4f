"""The pay lock: nobody pays while the shop changes the session, and a shop that never comes back holds nobody up."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta
from typing import Any

import httpx

from .buying import POST, code_of, customer_of, express_body
from .conftest import session_body

EMPTY: dict[str, Any] = {"order": {}}


async def test_a_locked_session_is_not_paid(shop: Any, http: httpx.AsyncClient) -> None:
    buyer = await customer_of(shop, http, session_body())
    answer = await buyer.lock()
    assert answer.status_code == 200
    pay_lock = answer.json()["pay_lock"]
    assert re.fullmatch(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", pay_lock["pay_lock_id"])
    assert (await buyer.session())["pay_lock"] == pay_lock
    assert (await buyer.view())["state"] == "locked"
    assert code_of(await buyer.pay()) == (409, "CONFLICT")
    assert await buyer.events() == ["INITIATED", "PAY_LOCK_START"]
    await buyer.update(EMPTY)
    assert (await buyer.view())["state"] == "open"
    assert (await buyer.pay()).status_code == 200


async def test_a_lock_is_over_by_itself_after_two_minutes_of_the_account(shop: Any, http: httpx.AsyncClient) -> None:
    buyer = await customer_of(shop, http, session_body())
    pay_lock = (await buyer.lock()).json()["pay_lock"]
    locked_at = datetime.fromisoformat((await buyer.session())["updated_at"])
    assert datetime.fromisoformat(pay_lock["expires_at"]) - locked_at == timedelta(minutes=2)
    await buyer.later("PT100S")
    assert (await buyer.view())["state"] == "locked"
    await buyer.later("PT20S")
    assert (await buyer.view())["state"] == "open"
    session = await buyer.session()
    assert "pay_lock" not in session
    listed = (await shop.get("/v1/sessions")).json()
    assert [("pay_lock" in each) for each in listed] == [False]
    assert code_of(await buyer.update(EMPTY)) == (400, "SESSION_NOT_LOCKED")
    assert (await buyer.pay()).status_code == 200
    assert "pay_lock" not in await buyer.session()


async def test_a_second_tab_gets_the_same_lock_and_its_two_minutes_anew(shop: Any, http: httpx.AsyncClient) -> None:
    buyer = await customer_of(shop, http, session_body())
    first, second = await asyncio.gather(buyer.lock(), buyer.lock())
    assert first.json()["pay_lock"]["pay_lock_id"] == second.json()["pay_lock"]["pay_lock_id"]
    await buyer.later("PT110S")
    third = (await buyer.lock()).json()["pay_lock"]
    assert third["pay_lock_id"] == first.json()["pay_lock"]["pay_lock_id"]
    await buyer.later("PT110S")
    assert (await buyer.view())["state"] == "locked"
    assert await buyer.events() == ["INITIATED", "PAY_LOCK_START"]
    await buyer.later("PT10S")
    assert (await buyer.lock()).json()["pay_lock"]["pay_lock_id"] != third["pay_lock_id"]
    assert await buyer.events() == ["INITIATED", "PAY_LOCK_START", "PAY_LOCK_START"]


async def test_a_key_locks_once(shop: Any, http: httpx.AsyncClient) -> None:
    buyer = await customer_of(shop, http, session_body())
    first = await buyer.lock(idempotency_key="k")
    await buyer.update(EMPTY)
    again = await buyer.lock(idempotency_key="k")
    assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
    assert (await buyer.view())["state"] == "open"


async def test_what_ended_is_not_locked(shop: Any, http: httpx.AsyncClient) -> None:
    paid = await customer_of(shop, http, session_body())
    await paid.pay()
    assert code_of(await paid.lock()) == (400, "SESSION_COMPLETED")
    given_up = await customer_of(shop, http, session_body())
    await http.post(f"/v1/view/{given_up.sid}/session/abandon")
    assert code_of(await given_up.lock()) == (400, "SESSION_CANCELLED")
    unknown = await customer_of(shop, http, session_body())
    await unknown.pay("4100000000000001")
    assert code_of(await unknown.lock()) == (409, "CONFLICT")
    late = await customer_of(shop, http, session_body())
    await late.later("PT25H")
    assert code_of(await late.lock()) == (400, "SESSION_EXPIRED")
    for sid in ("nothing", f"{shop.account_id}.nothing", f"{late.sid[:-1]}X"):
        assert code_of(await http.post(f"/v1/view/{sid}/session/lock")) == (404, "NOT_FOUND")


async def test_a_locked_session_can_be_cancelled(shop: Any, http: httpx.AsyncClient) -> None:
    buyer = await customer_of(shop, http, session_body())
    await buyer.lock()
    assert (await shop.post(f"/v1/sessions/{buyer.sid}/cancel")).status_code == 200
    session = await buyer.session()
    assert session["events"][-1]["name"] == "CANCELLED"
    assert "pay_lock" not in session


async def test_the_customer_changes_nothing_while_the_session_is_locked(shop: Any, http: httpx.AsyncClient) -> None:
    buyer = await customer_of(shop, http, express_body(POST))
    await buyer.lock()
    assert code_of(await buyer.give("shipping_option", {"id": "post"})) == (409, "CONFLICT")
    assert code_of(await buyer.give("shipping_address", {"country": "NO"})) == (409, "CONFLICT")
    await buyer.update(EMPTY)
    assert (await buyer.give("shipping_option", {"id": "post"})).status_code == 200


async def test_paying_and_locking_at_once_has_one_outcome(shop: Any, http: httpx.AsyncClient) -> None:
    for _ in range(5):
        buyer = await customer_of(shop, http, session_body())
        paid, locked = await asyncio.gather(buyer.pay(), buyer.lock())
        assert sorted([paid.status_code == 200, locked.status_code == 200]) == [False, True]
        assert (await buyer.view())["state"] == ("paid" if paid.status_code == 200 else "locked")


async def test_nobody_makes_a_session_grow_without_an_end(shop: Any, http: httpx.AsyncClient) -> None:
    buyer = await customer_of(shop, http, express_body(POST, {**POST, "id": "other", "line_id": "other"}))
    for number in range(300):
        answer = await buyer.give("shipping_option", {"id": ("post", "other")[number % 2]})
        assert answer.status_code == 200
    assert code_of(await buyer.give("shipping_option", {"id": "post"})) == (400, "SESSION_FULL")
    assert code_of(await buyer.lock()) == (400, "SESSION_FULL")
    assert (await buyer.give("shipping_option", {"id": "post"}, idempotency_key="x")).status_code == 400
