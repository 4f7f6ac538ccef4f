"""Which keys are taken, whose they are, what is remembered under them and for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests_support import Server

from .conftest import CARD, LINE, SCOPES, Keyed, paying, same, session_body


@pytest.mark.parametrize(
    "bad", [b"", b"x" * 256, "blåbær".encode(), b"tab\there"], ids=["empty", "long", "utf-8", "tab"]
)
async def test_a_key_is_1_to_255_printable_ascii_characters(keyed: Keyed, bad: bytes) -> None:
    before = await keyed.effects()
    answer = await keyed.shop.http.post("/v1/sessions-profile", json=session_body(), headers={"Idempotency-Key": bad})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_REQUEST_PARAMETER")
    assert "Idempotency-Key" in answer.json()["error"]["errors"][0]["message"]
    assert await keyed.effects() == before


@pytest.mark.parametrize("good", ["1", "x" * 255, "order 7: 'a' \"b\" ~!\\%"])
async def test_any_printable_key_will_do(keyed: Keyed, good: str) -> None:
    first = await keyed.send("/v1/sessions-profile", session_body(), good)
    same(first, await keyed.send("/v1/sessions-profile", session_body(), good))


async def test_two_keys_on_one_request_are_refused(keyed: Keyed) -> None:
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b"), *keyed.shop.http.headers.items()]
    answer = await keyed.shop.http.post("/v1/sessions-profile", json=session_body(), headers=headers)
    assert answer.status_code == 400


async def test_without_a_key_nothing_is_remembered(keyed: Keyed) -> None:
    first, second = [await keyed.send("/v1/sessions-profile", session_body()) for _ in range(2)]
    assert first.json()["id"] != second.json()["id"]
    assert await claims(keyed) == []


async def test_one_key_is_good_for_one_request_whatever_its_path_and_query(keyed: Keyed, key: str) -> None:
    await keyed.send("/v1/sessions-profile", session_body(), key)
    for path in ("/v1/sessions-profile?include_session=true", "/v1/admin/signature"):
        assert (await keyed.send(path, session_body(), key)).status_code == 422


async def test_the_first_answer_is_given_even_when_the_object_has_changed_since(keyed: Keyed, key: str) -> None:
    id = await keyed.transaction()
    first = await keyed.send(f"/v1/transactions/{id}/capture", {"amount": 100}, key)
    await keyed.send(f"/v1/transactions/{id}/capture", {"amount": 300})
    same(first, await keyed.send(f"/v1/transactions/{id}/capture", {"amount": 100}, key))


async def test_a_refusal_is_not_remembered_and_the_request_is_judged_anew(keyed: Keyed, key: str) -> None:
    path = f"{await keyed.order()}/captures"
    body = {"items": [{"line_id": 1, "amount": 39800}]}
    assert (await keyed.send(path, body, key)).status_code == 409
    assert await claims(keyed) == []
    (await keyed.send(path.replace("captures", "authorizations"), body)).raise_for_status()
    first = await keyed.send(path, body, key)
    assert first.status_code == 200
    same(first, await keyed.send(path, body, key))


async def test_what_needed_no_change_is_remembered_too(keyed: Keyed, key: str) -> None:
    path = f"{keyed.shop.shopping}/draft_orders/{await keyed.draft()}/complete"
    order = (await keyed.send(path, method="PUT")).json()["orders"][0]
    first = await keyed.send(path, key=key, method="PUT")  # completed already
    authorization = {"items": [{"line_id": 1, "amount": 1}]}
    await keyed.send(f"{keyed.shop.shopping}/orders/{order['id']}/authorizations", authorization)
    same(first, await keyed.send(path, key=key, method="PUT"))


async def test_accounts_do_not_see_each_others_keys(keyed: Keyed, server: Server, key: str) -> None:
    other_id = f"T{(int(keyed.account_id[1:]) + 7_000_000) % 10**8:08d}"
    async with server.shop(other_id, scopes=SCOPES) as other:
        first = await keyed.send("/v1/sessions-profile", session_body(), key)
        second = await Keyed(other, server, keyed.raw).send("/v1/sessions-profile", session_body(), key)
    assert second.status_code == 200
    assert "idempotent-replayed" not in second.headers
    assert first.json()["id"] != second.json()["id"]


async def test_another_client_of_the_account_does_not_get_the_answer(keyed: Keyed, server: Server, key: str) -> None:
    await keyed.send("/v1/sessions-profile", session_body(), key)
    client, _ = await server.app.accounts.create_client(keyed.account_id, "Other", ["admin:checkout"])
    token, _ = await server.app.accounts.token(keyed.account_id, client, f"https://x/v1/accounts/{keyed.account_id}")
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    answer = await keyed.shop.http.post("/v1/sessions-profile", json=session_body(), headers=headers)
    assert answer.status_code == 422


async def test_a_key_opens_nothing_without_a_good_token(keyed: Keyed, key: str) -> None:
    await keyed.send("/v1/sessions-profile", session_body(), key)
    headers = {"Authorization": "Bearer nobody", "Idempotency-Key": key}
    answer = await keyed.shop.http.post("/v1/sessions-profile", json=session_body(), headers=headers)
    assert answer.status_code == 401


async def test_a_customers_key_is_never_in_the_way_of_the_shops_or_of_another_customers(keyed: Keyed, key: str) -> None:
    sids = [await keyed.session() for _ in range(2)]
    paid = [await keyed.send(f"/v1/sessions/{sid}/pay", paying(), key) for sid in sids]
    captured = await keyed.send(f"/v1/transactions/{paid[0].json()['transaction_id']}/capture", {"amount": 1}, key)
    assert [answer.status_code for answer in (*paid, captured)] == [200, 200, 200]
    assert not any("idempotent-replayed" in answer.headers for answer in (*paid, captured))


async def test_a_declined_payment_is_an_outcome_and_the_next_try_takes_a_new_key(keyed: Keyed, key: str) -> None:
    sid = await keyed.session()
    declined = await keyed.send(f"/v1/sessions/{sid}/pay", paying("4000300000000006"), key)
    assert (declined.status_code, declined.json()["error"]["code"]) == (400, "Rejected")
    same(declined, await keyed.send(f"/v1/sessions/{sid}/pay", paying("4000300000000006"), key))
    assert (await keyed.send(f"/v1/sessions/{sid}/pay", paying(), key)).status_code == 422
    assert (await keyed.send(f"/v1/sessions/{sid}/pay", paying(), key + "2")).status_code == 200


async def test_a_capture_that_the_provider_refused_is_an_outcome(keyed: Keyed, key: str) -> None:
    from kvitt.checkout.model.payment import Outcome

    id = await keyed.transaction()
    provider, act = keyed.provider, keyed.provider.act

    async def refuse(ask: Any) -> Outcome:
        return Outcome("refused")

    provider.act = refuse
    refused = await keyed.send(f"/v1/transactions/{id}/capture", {"amount": 100}, key)
    provider.act = act
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "PROVIDER_DECLINED")
    same(refused, await keyed.send(f"/v1/transactions/{id}/capture", {"amount": 100}, key))


async def test_the_answer_to_a_captured_payment_is_the_answer_to_the_payment(keyed: Keyed, key: str) -> None:
    card = {"enabled": True, "payment_product_type": "dintero_psp.creditcard"}
    configuration = {"auto_capture": True, "dintero_psp": {"payment_type": "dintero_psp", "creditcard": card}}
    body = session_body(configuration=configuration)
    del body["profile_id"]
    sid = (await keyed.send("/v1/sessions", body)).json()["id"]
    paid = await keyed.send(f"/v1/sessions/{sid}/pay", paying(), key)
    assert paid.json()["success"] is True
    same(paid, await keyed.send(f"/v1/sessions/{sid}/pay", paying(), key))
    assert (await keyed.effects())[1] == 2  # reserved and captured


async def test_neither_card_nor_code_nor_key_nor_client_secret_can_be_read_from_what_is_remembered(
    keyed: Keyed, key: str
) -> None:
    sid = await keyed.session()
    await keyed.send(f"/v1/sessions/{sid}/pay", paying(), key)
    clients = f"/v1/accounts/{keyed.account_id}/auth/clients"
    made = await keyed.send(clients, {"name": "Till", "scopes": ["read:shopping"]}, key)
    same(made, await keyed.send(clients, {"name": "Till", "scopes": ["read:shopping"]}, key))
    tables = ("claims", "log", "sessions", "transactions", "settings")
    for table in tables:
        rows = await keyed.raw.fetch(f"select t::text from {table} t where account_id = $1", keyed.account_id)  # noqa: S608
        text = "".join(row[0] for row in rows)
        assert text
        for secret in (CARD["number"], CARD["cvc"] + '"', key, made.json()["client_secret"]):
            assert secret not in text, f"{secret} is in {table}"


async def test_what_a_payment_is_known_by_does_not_depend_on_what_must_not_be_kept(keyed: Keyed, key: str) -> None:
    """A hash of a card's number or code could be guessed back: neither is part of the fingerprint."""
    sid = await keyed.session()
    first = await keyed.send(f"/v1/sessions/{sid}/pay", paying(), key)
    other = paying()
    other["card"] = {**other["card"], "cvc": "111"}
    same(first, await keyed.send(f"/v1/sessions/{sid}/pay", other, key))


async def test_keys_live_for_a_day_and_are_forgotten_after_two(keyed: Keyed, key: str) -> None:
    path, body = f"{keyed.shop.shopping}/draft_orders", {"order": {"currency": "NOK", "items": [LINE]}}
    first = await keyed.send(path, body, key)
    id = await keyed.transaction()
    await keyed.send(f"/v1/transactions/{id}/capture", {"amount": 1}, key + "2")
    order_number = (await claims(keyed, "order_id:%"))[:]
    await age(keyed, timedelta(hours=47, minutes=59))
    await keyed.server.store.prune(datetime.now(UTC) + timedelta(days=365))  # a clock that runs ahead changes nothing
    same(first, await keyed.send(path, body, key))
    await age(keyed, timedelta(minutes=2))
    assert await keyed.server.store.prune(datetime.now(UTC)) >= 3
    assert await claims(keyed) == []
    assert await claims(keyed, "order_id:%") == order_number
    again = await keyed.send(path, body, key)
    assert again.json()["id"] != first.json()["id"]


async def claims(keyed: Keyed, like: str = "idempotency%") -> list[str]:
    rows = await keyed.raw.fetch("select key from claims where account_id = $1 and key like $2", keyed.account_id, like)
    return [row[0] for row in rows]


async def age(keyed: Keyed, by: timedelta) -> None:
    await keyed.raw.execute(
        "update claims set created_at = created_at - $2::interval where account_id = $1", keyed.account_id, by
    )
