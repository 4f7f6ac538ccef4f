"""Saved cards: when a card is saved, who may use it, and that nothing keeps the token."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from .wallet import CARD, PAYEX, new_session, paths, pay, saved, saving, session_of, transaction_of, unattended

PATH = "customer.tokens.payex.creditcard.payment_token"


def tokens(token: str, product: str = PAYEX, type: str = "payment_token", **customer: Any) -> dict[str, Any]:
    return {"customer": {"tokens": {product: {type: token}}, **customer}}


async def rows(server: Any, account_id: str) -> str:
    """Everything that the database holds of an account, and of the sandbox, as one text."""

    async def run(connection: Any) -> str:
        tables = await connection.fetch(
            "select table_schema || '.' || table_name as name from information_schema.columns "
            "where column_name = 'account_id' and table_schema in ('public', 'sandbox')"
        )
        found = []
        for table in tables:
            query = f"select t::text from {table['name']} t where account_id = $1"  # noqa: S608  names of our tables
            rows = await connection.fetch(query, account_id)
            found += [row[0] for row in rows]
        return "\n".join(found)

    return str(await server.store._lines.run(run))


async def test_a_card_is_saved_when_the_session_asks_for_it(shop: Any, http: httpx.AsyncClient) -> None:
    paid = await pay(http, await new_session(shop, customer={"customer_id": "c-81"}))
    id = paid.json()["transaction_id"]
    card = (await transaction_of(shop, id))["card"]
    assert "payment_token" not in card
    shown = (await transaction_of(shop, id, "card.payment_token", "card.recurrence_token"))["card"]
    assert shown["payment_token"].startswith("kvitt_pt_")
    assert "recurrence_token" not in shown
    token = (await shop.get(f"/v1/card-tokens/{card['payment_token_id']}")).json()
    assert token["token"] == shown["payment_token"]
    assert {name: token[name] for name in ("type", "status", "account_id", "payment_product_type", "card_brand")} == {
        "type": "payment_token",
        "status": "ACTIVE",
        "account_id": shop.account_id,
        "payment_product_type": PAYEX,
        "card_brand": "Visa",
    }
    assert (token["masked_pan"], token["pan_expiry_date"]) == ("400000******0002", "12/2034")
    assert (token["customer_id"], token["transaction_id"]) == ("c-81", id)


async def test_no_card_is_saved_without_being_asked_for(shop: Any, http: httpx.AsyncClient) -> None:
    plain = {"payex": {"creditcard": {"enabled": True}}}
    paid = await pay(http, await new_session(shop, configuration=plain), remember_me=True)
    card = (await transaction_of(shop, paid.json()["transaction_id"], "card.payment_token"))["card"]
    assert not {"payment_token", "payment_token_id"} & set(card)
    assert (await shop.get("/v1/card-tokens")).json() == []


@pytest.mark.parametrize(
    ("box", "remember_me", "consent"),
    [
        ("opt_in", None, "opt_out"),
        ("opt_in", False, "opt_out"),
        ("opt_in", True, "opt_in"),
        ("opt_out", None, "opt_in"),
        ("opt_out", True, "opt_in"),
        ("opt_out", False, "opt_out"),
        (None, None, None),
    ],
)
async def test_a_card_is_saved_with_the_customers_consent_alone(
    shop: Any, http: httpx.AsyncClient, box: str | None, remember_me: bool | None, consent: str | None
) -> None:
    asks = {} if box is None else {"generate_payment_token_config": {"save_card_checkbox": box}}
    sid = await new_session(shop, configuration=saving(**asks))
    methods = (await http.get(f"/v1/view/{sid}/session")).json()["payment_methods"]
    assert methods[0].get("save_card") == box
    said = {} if remember_me is None else {"remember_me": remember_me}
    paid = await pay(http, sid, **said)
    card = (await transaction_of(shop, paid.json()["transaction_id"]))["card"]
    assert ("payment_token_id" in card) is (consent != "opt_out")
    assert card.get("card_holder_tokenization_consent") == consent


async def test_a_declined_payment_saves_nothing(shop: Any, http: httpx.AsyncClient) -> None:
    sid = await new_session(shop)
    assert (await pay(http, sid, number="4000300000000006")).status_code == 400
    assert (await shop.get("/v1/card-tokens")).json() == []


async def test_a_payment_goes_through_although_its_token_could_not_be_made(shop: Any, http: httpx.AsyncClient) -> None:
    for number in ("4100000000000050", "5100000000000057"):
        paid = await pay(http, await new_session(shop), number=number)
        transaction = await transaction_of(shop, paid.json()["transaction_id"], "card.payment_token")
        assert transaction["status"] == "AUTHORIZED"
        assert not {"payment_token", "payment_token_id"} & set(transaction["card"])


async def test_the_customer_pays_with_a_saved_card(shop: Any, http: httpx.AsyncClient) -> None:
    token, id = await saved(shop, http)
    sid = await new_session(shop, **tokens(token))
    session = (await shop.get(f"/v1/sessions/{sid}")).json()
    assert session["customer"]["tokens"] == {PAYEX: {"payment_token_id": id}}
    view = (await http.get(f"/v1/view/{sid}/session")).json()
    assert view["saved_cards"] == [
        {
            "payment_token_id": id,
            "payment_product_type": PAYEX,
            "brand": "Visa",
            "masked_pan": "400000******0002",
            "expiry_date": "12/2034",
        }
    ]
    paid = await pay(http, sid, number=None, payment_token_id=id)
    assert paid.json()["success"] is True, paid.text
    transaction = await transaction_of(shop, paid.json()["transaction_id"], "card.payment_token")
    assert transaction["status"] == "AUTHORIZED"
    assert transaction["card"]["masked_pan"] == "400000******0002"
    assert transaction["card"]["payment_token"] == token
    assert "tokens" not in transaction.get("customer", {})
    listed = (await shop.get("/v1/transactions", params={"token_id": id})).json()
    assert {each["id"] for each in listed} >= {transaction["id"]}


async def test_a_payment_with_a_saved_card_goes_as_the_test_card_went(shop: Any, http: httpx.AsyncClient) -> None:
    token, id = await saved(shop, http, "4100000000000019")
    paid = await pay(http, await new_session(shop, **tokens(token)), number=None, payment_token_id=id)
    capture = f"/v1/transactions/{paid.json()['transaction_id']}/capture"
    assert (await shop.post(capture, {"amount": 39800})).status_code == 202


async def test_a_customer_pays_with_no_card_that_the_session_was_not_given(shop: Any, http: httpx.AsyncClient) -> None:
    _, other = await saved(shop, http)
    token, id = await saved(shop, http)
    for sid, tried in (
        (await new_session(shop), id),
        (await new_session(shop, **tokens(token)), other),
        (await new_session(shop, **tokens(token)), "nonsense"),
        (await new_session(shop, **tokens(token)), token),
    ):
        assert paths(await pay(http, sid, number=None, payment_token_id=tried)) == ["payment_token_id"]
        assert "transaction_id" not in (await shop.get(f"/v1/sessions/{sid}")).json()


async def test_an_id_alone_preloads_nothing(shop: Any, http: httpx.AsyncClient) -> None:
    _, id = await saved(shop, http)
    sid = await new_session(shop, customer={"tokens": {PAYEX: {"payment_token_id": id}}})
    assert (await http.get(f"/v1/view/{sid}/session")).json().get("saved_cards", []) == []
    assert paths(await pay(http, sid, number=None, payment_token_id=id)) == ["payment_token_id"]


@pytest.mark.parametrize("spoil", ["last", "first", "id", "kind", "short", "empty", "nonsense", "id_only"])
async def test_a_token_that_is_not_genuine_is_refused_with_its_path(
    shop: Any, http: httpx.AsyncClient, spoil: str
) -> None:
    token, id = await saved(shop, http)
    other, _ = await saved(shop, http)
    head, _, mac = token[len("kvitt_pt_") :].partition("_")
    wrong = {
        "last": token[:-2] + ("AA" if token[-2:] != "AA" else "BA"),
        "first": f"kvitt_pt_{head}_{'A' if mac[0] != 'A' else 'B'}{mac[1:]}",
        "id": f"kvitt_pt_{other[len('kvitt_pt_') :].partition('_')[0]}_{mac}",
        "kind": token.replace("kvitt_pt_", "kvitt_rt_"),
        "short": token[:-1],
        "empty": "",
        "nonsense": "tok_x",
        "id_only": id,
    }[spoil]
    answer = await shop.post("/v1/sessions", session_of(**tokens(wrong)))
    assert paths(answer) == [PATH]
    assert answer.json()["error"]["errors"][0]["message"] == "There is no such token"
    failed = await shop.post("/v1/sessions/pay", unattended(wrong))
    assert paths(failed) == [f"session.{PATH}"]


async def test_a_token_of_another_account_is_as_unknown_as_any(
    shop: Any, http: httpx.AsyncClient, server: Any, account_id: str
) -> None:
    token, id = await saved(shop, http)
    stranger_id = f"T9{account_id[2:]}"
    async with server.shop(stranger_id, scopes=["admin:checkout"]) as stranger:
        assert paths(await stranger.post("/v1/sessions", session_of(**tokens(token)))) == [PATH]
        assert paths(await stranger.post("/v1/sessions/pay", unattended(token))) == [f"session.{PATH}"]
        assert (await stranger.get(f"/v1/card-tokens/{id}")).status_code == 404
        assert (await stranger.http.request("DELETE", f"/v1/card-tokens/{id}")).status_code == 404
        assert (await stranger.get("/v1/card-tokens", params={"include_deleted": "true"})).json() == []
        renamed = id.replace(account_id, stranger_id)
        assert (await stranger.get(f"/v1/card-tokens/{renamed}")).status_code == 404
        own, _ = await saved(stranger, http)
    assert paths(await shop.post("/v1/sessions", session_of(**tokens(own)))) == [PATH]
    assert (await shop.get(f"/v1/card-tokens/{id}")).json()["status"] == "ACTIVE"


async def test_a_token_is_of_one_product_and_one_customer(shop: Any, http: httpx.AsyncClient) -> None:
    token, _ = await saved(shop, http, customer={"customer_id": "kari"})
    product = "dintero_psp.creditcard"
    wrong = tokens(token, product)
    assert paths(await shop.post("/v1/sessions", session_of(**wrong))) == [f"customer.tokens.{product}.payment_token"]
    assert paths(await shop.post("/v1/sessions", session_of(**tokens(token, customer_id="ola")))) == [PATH]
    unknown = tokens(token, type="recurrence_token")
    assert paths(await shop.post("/v1/sessions", session_of(**unknown))) == [PATH.replace("payment_", "recurrence_")]
    for customer in ({"customer_id": "kari"}, {}):
        assert (await shop.post("/v1/sessions", session_of(**tokens(token, **customer)))).status_code == 200


async def test_a_deleted_token_pays_no_more(shop: Any, http: httpx.AsyncClient) -> None:
    token, id = await saved(shop, http)
    sid = await new_session(shop, **tokens(token))
    said = {"reason": "Profile deleted", "requestor": "CARDHOLDER"}
    gone = await shop.http.request("DELETE", f"/v1/card-tokens/{id}", json=said)
    assert gone.json()["status"] == "DELETED"
    assert gone.json()["deleted_at"]
    assert "token" not in gone.json()
    again = await shop.http.request("DELETE", f"/v1/card-tokens/{id}")
    assert again.json() == gone.json()

    assert (await http.get(f"/v1/view/{sid}/session")).json().get("saved_cards", []) == []
    assert paths(await pay(http, sid, number=None, payment_token_id=id)) == ["payment_token_id"]
    assert paths(await shop.post("/v1/sessions", session_of(**tokens(token)))) == [PATH]
    assert paths(await shop.post("/v1/sessions/pay", unattended(token))) == [f"session.{PATH}"]
    assert (await shop.get(f"/v1/card-tokens/{id}")).json() == gone.json()


async def test_no_payment_begins_once_a_deletion_was_answered(shop: Any, http: httpx.AsyncClient) -> None:
    token, id = await saved(shop, http)

    async def delete() -> None:
        assert (await shop.http.request("DELETE", f"/v1/card-tokens/{id}")).status_code == 200
        assert (await shop.post("/v1/sessions/pay", unattended(token))).status_code == 400

    answers = await asyncio.gather(delete(), *(shop.post("/v1/sessions/pay", unattended(token)) for _ in range(5)))
    assert {answer.status_code for answer in answers[1:]} <= {200, 400}


@pytest.mark.parametrize(
    ("body", "path"),
    [({"reason": "x" * 129}, "reason"), ({"requestor": "NOBODY"}, "requestor"), ({"reason": 7}, "reason")],
)
async def test_a_deletion_that_says_nonsense_deletes_nothing(
    shop: Any, http: httpx.AsyncClient, body: dict[str, Any], path: str
) -> None:
    _, id = await saved(shop, http)
    assert paths(await shop.http.request("DELETE", f"/v1/card-tokens/{id}", json=body)) == [path]
    assert (await shop.get(f"/v1/card-tokens/{id}")).json()["status"] == "ACTIVE"


async def test_tokens_are_listed_newest_first_and_page_by_page(shop: Any, http: httpx.AsyncClient) -> None:
    made = [(await saved(shop, http, customer={"customer_id": f"c-{number % 2}"}))[1] for number in range(4)]
    made.reverse()
    await shop.http.request("DELETE", f"/v1/card-tokens/{made[0]}")

    async def listed(**query: Any) -> list[str]:
        answer = await shop.get("/v1/card-tokens", params=query)
        assert answer.status_code == 200, answer.text
        return [token["id"] for token in answer.json()]

    assert await listed() == made[1:]
    assert await listed(include_deleted="true") == made
    assert await listed(status="DELETED") == made[:1]
    assert await listed(status=["DELETED", "ACTIVE"], include_deleted="true") == made
    assert await listed(status="SUSPENDED") == []
    assert await listed(customer_id="c-0") == [made[1], made[3]]
    assert await listed(relationship_id="r") == []
    assert await listed(limit=2) == made[1:3]
    assert await listed(limit=2, starting_after=made[2]) == made[3:]
    assert await listed(limit=2, cursor=made[2]) == made[3:]
    for query in (
        {"limit": 0},
        {"limit": 101},
        {"status": "GOOD"},
        {"starting_after": "x"},
        {"customer_id": "x" * 256},
    ):
        assert (await shop.get("/v1/card-tokens", params=query)).status_code == 400, query


async def test_tokens_are_for_clients_that_may_pay_with_them(
    server: Any, shop: Any, http: httpx.AsyncClient, account_id: str
) -> None:
    _, id = await saved(shop, http)
    assert (await http.get("/v1/card-tokens")).status_code == 401
    _client, secret = await server.app.accounts.create_client(account_id, "Reader", ["read:checkout"], "reader")
    grant = {"grant_type": "client_credentials", "audience": f"https://api.example.com/v1/accounts/{account_id}"}
    bearer = await http.post(f"/v1/accounts/{account_id}/auth/token", auth=("reader", secret), json=grant)
    headers = {"authorization": f"Bearer {bearer.json()['access_token']}"}
    assert (await http.get(f"/v1/card-tokens/{id}", headers=headers)).status_code == 403
    assert (await http.request("DELETE", f"/v1/card-tokens/{id}", headers=headers)).status_code == 403


async def test_nothing_keeps_a_token_or_a_card(
    shop: Any, http: httpx.AsyncClient, server: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    token, id = await saved(shop, http)
    await shop.get(f"/v1/card-tokens/{id}")
    key = {"Idempotency-Key": "once"}
    sid = (await shop.post("/v1/sessions", session_of(**tokens(token)), headers=key)).json()["id"]
    await pay(http, sid, number=None, payment_token_id=id)
    paid = await shop.post("/v1/sessions/pay", unattended(token), headers={"Idempotency-Key": "twice"})
    assert paid.json()["card"]["payment_token"] == token
    await shop.http.request("DELETE", f"/v1/card-tokens/{id}")
    await shop.post("/v1/sessions/pay", unattended(token))
    kept = await rows(server, shop.account_id)
    assert id in kept
    written = "".join(capfd.readouterr())
    for secret in (token, token.rpartition("_")[2], CARD["number"], '"987"'):
        assert secret not in kept
        assert secret not in written


async def test_the_log_tells_of_tokens_without_their_value(shop: Any, http: httpx.AsyncClient, server: Any) -> None:
    token, id = await saved(shop, http)
    await shop.http.request("DELETE", f"/v1/card-tokens/{id}")
    events = [event for event in (await server.store.feed(shop.account_id, None, 100))[0] if event.object_id == id]
    assert [event.type for event in events] == ["card_token.created", "card_token.deleted"]
    assert all(token not in event.data for event in events)
