"""Every row of the reference's endpoint tables of the checkout, asked for over HTTP. A test has its row in its name.

Each row is asked for once by those who may (and answers what it should), once wrongly, once with a token of the wrong
scope, and once by another account. What the customer calls has no token: there the session's id is all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests_support import Server, Shop

from .wallet import CARD, PAYEX, new_session, pay, saved, saving, unattended

CODE = {400: "INVALID_REQUEST_PARAMETER", 401: "UNAUTHORIZED", 404: "NOT_FOUND"}
NOWHERE = "5cyWnV68vzJ1kYjZPrKWWm"


@dataclass(frozen=True)
class No:
    """How a row is asked for wrongly, and what the answer is. What is None is as in the row."""

    status: int = 400
    code: str = ""
    path: str | None = None
    body: Any = None


@dataclass(frozen=True)
class Row:
    """`table`: of the reference. `holds`: members of the answer, by their paths. `others`: what another account gets:
    the status, or the answer. `scope`: a scope that does not do, where the route wants one."""

    table: str
    method: str
    path: str
    no: No
    holds: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    others: Any = 404
    scope: str = "read:checkout"
    basic: bool = False

    def __str__(self) -> str:
        return f"{self.table}-{self.method}-{self.path.partition('?')[0]}"

    @property
    def public(self) -> bool:
        return not self.scope and not self.basic


ORDER = {"amount": 39800, "currency": "NOK", "merchant_reference": "ORDER-1"}
URL = {"return_url": "https://shop.example/thanks"}
OPTION = {"id": "post", "line_id": "post-1", "amount": 0, "title": "Posten", "operator": "Posten"}
EXPRESS = {"shipping_options": [OPTION], "discount_codes": {"max_count": 1}}
OPEN = {"allow_different_billing_shipping_address": ["b2c"], "discounts": {"express_discount_codes": {"enabled": True}}}
OFFER = {"configuration": {"payex": {"creditcard": {"enabled": True}}}}
UPDATED = {"order": {"amount": 100, "items": [{"id": "chair", "line_id": "1", "amount": 100}]}}
SAVING = {"session": {"url": URL, "order": {"currency": "NOK", "merchant_reference": "CARD-1"}},
          "token_provider": {"payment_product_type": PAYEX}}  # fmt: skip
PAYING = {"payment_product_type": PAYEX, "card": CARD}
RAISED = {"amount": 45000, "items": [{"line_id": "1", "amount": 45000}]}
GRANT = {"grant_type": "client_credentials", "audience": "https://api.example.com/v1/accounts/{account}"}
ADDRESS = {"country": "NO", "first_name": "Kari", "address_line": "Storgata 1", "postal_code": "0155",
           "postal_place": "Oslo"}  # fmt: skip
INVALID_OPERATION, UNKNOWN = "INVALID_OPERATION", No(404)

SESSION, TRANSACTION = "/v1/sessions/{session}", "/v1/transactions/{transaction}"
PROFILES, TOKENS, SIGNATURE = "/v1/admin/session/profiles", "/v1/card-tokens", "/v1/admin/signature"
CLIENTS, VIEW = "/v1/accounts/{account}/auth/clients", "/v1/view/{session}/session"
PAYMENTS = "/v1/accounts/{account}/payments"
CUSTOMERS: dict[str, Any] = {"scope": "", "others": None}
STAFF: dict[str, Any] = {"scope": "admin:checkout", "others": 403}

ROWS = [
    # 1.1 and 1.5: who may
    Row("1.1", "POST", "/v1/accounts/{account}/auth/token", No(body={**GRANT, "grant_type": "magic"}),
        {"token_type": "Bearer"}, GRANT, others=401, scope="", basic=True),
    Row("1.5", "POST", CLIENTS, No(body={"name": "Till", "scopes": ["read:magic"]}), {"name": "Till"},
        {"name": "Till", "scopes": ["read:checkout"]}, **STAFF),
    Row("1.5", "GET", CLIENTS, No(400, path="/v1/accounts/nobody/auth/clients"), {}, **STAFF),
    Row("1.5", "GET", f"{CLIENTS}/{{client}}", No(404, path=f"{CLIENTS}/{NOWHERE}"), {"name": "Second"}, **STAFF),
    Row("1.5", "DELETE", f"{CLIENTS}/{{client}}", No(404, path=f"{CLIENTS}/{NOWHERE}"), {"id": "{client}"}, **STAFF),
    # 2.1: sessions
    Row("2.1", "POST", "/v1/sessions-profile", No(body={"url": URL, "order": ORDER, "profile_id": "nobody"}), {},
        {"url": URL, "order": ORDER, "profile_id": "{profile}"}, others=400),
    Row("2.1", "POST", "/v1/sessions", No(body={"url": URL, "order": ORDER}), {}, {"url": URL, "order": ORDER, **OFFER},
        others=200),
    Row("2.1", "GET", SESSION, No(404, path="/v1/sessions/{account}." + NOWHERE),
        {"id": "{session}", "order.amount": 39800}, scope="write:checkout"),
    Row("2.1", "PUT", f"{SESSION}?update_without_lock=true", No(400, "SESSION_NOT_LOCKED", path=SESSION, body=UPDATED),
        {"order.amount": 100, "order.items.0.line_id": "1"}, UPDATED, scope="read:shopping"),
    Row("2.1", "POST", f"{SESSION}/cancel", No(400, INVALID_OPERATION, path="/v1/sessions/{captured_session}/cancel"),
        {"events.1.name": "CANCELLED"}),
    Row("2.1", "POST", "/v1/sessions/payment-token",
        No(body={**SAVING, "token_provider": {"payment_product_type": "swish.swish"}}), {}, SAVING, others=400),
    Row("2.1", "POST", "/v1/sessions/pay", No(body=unattended("nobody")),
        {"success": True, "status": "AUTHORIZED"}, unattended("{token}"), others=400),
    Row("2.1", "GET", "/v1/sessions?limit=1", No(path="/v1/sessions?limit=0"), {"0.order.currency": "NOK"}, others=[],
        scope="write:checkout"),
    Row("2.1", "POST", "/v1/sessions/{plain}/pay", No(body={**PAYING, "card": {**CARD, "number": "4000000000000003"}}),
        {"success": True}, PAYING, **CUSTOMERS),
    # 2.1: payment profiles
    Row("2.1", "GET", PROFILES, No(401, path=None), {"0.profile_id": "default", "1.id": "{profile}"}, others=[],
        scope="read:shopping"),
    Row("2.1", "POST", PROFILES, No(409, "CONFLICT", body={"profile_id": "default", **OFFER}),
        {"id": "new", "version": 1}, {"profile_id": "new", **OFFER}, others=200),
    Row("2.1", "GET", f"{PROFILES}/{{profile}}", No(404, path=f"{PROFILES}/nobody"), {"name": "Market"},
        scope="read:shopping"),
    Row("2.1", "PUT", f"{PROFILES}/{{profile}}", No(409, "STALE_VERSION", body={"version": 7, **OFFER}),
        {"version": 2, "configuration": OFFER["configuration"]}, OFFER),
    Row("2.1", "DELETE", f"{PROFILES}/{{profile}}", No(400, INVALID_OPERATION, path=f"{PROFILES}/default"),
        {"id": "{profile}"}),
    # 2.13: card tokens
    Row("2.13", "GET", f"{TOKENS}?limit=1", No(path=f"{TOKENS}?limit=101"), {"0.status": "ACTIVE"}, others=[]),
    Row("2.13", "GET", f"{TOKENS}/{{token_id}}", No(404, path=f"{TOKENS}/{NOWHERE}"), {"status": "ACTIVE"}),
    Row("2.13", "DELETE", f"{TOKENS}/{{token_id}}", No(body={"reason": "x" * 129}), {"status": "DELETED"},
        {"reason": "Gone", "requestor": "CARDHOLDER"}),
    # 3.1: transactions
    Row("3.1", "GET", "/v1/transactions?status=AUTHORIZED", No(path="/v1/transactions?limit=x"),
        {"0.status": "AUTHORIZED"}, others=[], scope="write:checkout"),
    Row("3.1", "GET", TRANSACTION, No(404, path="/v1/transactions/nobody"), {"status": "AUTHORIZED"},
        scope="write:checkout"),
    Row("3.1", "PUT", TRANSACTION, No(body={"merchant_reference_2": 7}), {"merchant_reference_2": "POS-1"},
        {"merchant_reference_2": "POS-1"}),
    Row("3.1", "POST", f"{TRANSACTION}/capture", No(400, "AMOUNT_EXCEEDS_REMAINING", body={"amount": 39801}),
        {"status": "PARTIALLY_CAPTURED"}, {"amount": 100}),
    Row("3.1", "POST", "/v1/transactions/{captured}/refund",
        No(400, "AMOUNT_EXCEEDS_REMAINING", body={"amount": 39801}), {"status": "PARTIALLY_REFUNDED"}, {"amount": 100}),
    Row("3.1", "POST", f"{TRANSACTION}/void", No(400, INVALID_OPERATION, path="/v1/transactions/{captured}/void"),
        {"status": "AUTHORIZATION_VOIDED"}),
    Row("3.1", "POST", f"{TRANSACTION}/authorization",
        No(400, INVALID_OPERATION, path="/v1/transactions/{captured}/authorization", body=RAISED),
        {"amount": 45000, "status": "AUTHORIZED"}, RAISED),
    # 4.4: the secret that callbacks are signed with
    Row("4.4", "POST", SIGNATURE, No(401), {}, others=200),
    Row("4.4", "GET", SIGNATURE, No(401), {}, scope="write:checkout"),
    Row("4.4", "DELETE", SIGNATURE, No(401), {}),
    # 5.8: what the customer's page calls
    Row("5.8", "GET", VIEW, UNKNOWN, {"state": "open", "order.amount": 39800}, **CUSTOMERS),
    Row("5.8", "POST", f"{VIEW}/lock", UNKNOWN, {}, **CUSTOMERS),
    Row("5.8", "PUT", f"{VIEW}/order/shipping_address", No(body={"country": "Norway"}), {}, ADDRESS, **CUSTOMERS),
    Row("5.8", "PUT", f"{VIEW}/order/billing_address", No(body={}), {}, ADDRESS, **CUSTOMERS),
    Row("5.8", "PUT", f"{VIEW}/order/shipping_option", No(body={"id": "drone"}), {}, OPTION, **CUSTOMERS),
    Row("5.8", "PUT", f"{VIEW}/order/discount_codes", No(body={"discount_codes": ["A", "B"]}),
        {"order.discount_codes": ["A"]}, {"discount_codes": ["A"]}, **CUSTOMERS),
    Row("5.8", "POST", f"{VIEW}/payment/cancel", UNKNOWN, {"state": "open"}, **CUSTOMERS),
    Row("5.8", "POST", f"{VIEW}/abandon",
        No(400, "SESSION_COMPLETED", path="/v1/view/{captured_session}/session/abandon"), {}, **CUSTOMERS),
    # 0.2: the same below the account
    Row("0.2", "POST", f"{PAYMENTS}/sessions-profile", No(body={"url": URL, "order": ORDER, "profile_id": "nobody"}),
        {}, {"url": URL, "order": ORDER, "profile_id": "{profile}"}, others=403),
    Row("0.2", "GET", f"{PAYMENTS}/transactions/{{transaction}}", No(404, path=f"{PAYMENTS}/transactions/nobody"),
        {"status": "AUTHORIZED"}, others=403, scope="write:checkout"),
    Row("0.2", "POST", f"{PAYMENTS}/transactions/{{transaction}}/capture", No(body={"amount": -1}),
        {"status": "CAPTURED"}, {"amount": 39800}, others=403),
]  # fmt: skip


@pytest.fixture
async def seller(server: Server, account_id: str) -> Any:
    async with server.shop(account_id, scopes=["admin:checkout", "admin:accounts"]) as made:
        yield made


@pytest.fixture
async def ids(seller: Shop, http: httpx.AsyncClient) -> dict[str, str]:
    """One of everything: an open express session, a paid one, a captured one, a saved card, a profile, a secret."""

    async def made(path: str, body: Any) -> dict[str, Any]:
        answer = await seller.post(path, body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def paid(product: str = PAYEX, **configuration: Any) -> tuple[str, str]:
        sid = await new_session(seller, configuration={**saving(product), **configuration})
        return sid, (await pay(http, sid, product)).json()["transaction_id"]

    found = {"account": seller.account_id}
    found["token"], found["token_id"] = await saved(seller, http)
    found["captured_session"], found["captured"] = await paid()
    await made(f"/v1/transactions/{found['captured']}/capture", {"amount": 39800})
    _, found["transaction"] = await paid("dintero_psp.creditcard", pre_authorization=True)
    found["session"] = await new_session(seller, express=EXPRESS, configuration={**saving(), **OPEN})
    found["plain"] = await new_session(seller)
    found["profile"] = (await made(PROFILES, {"name": "Market", **OFFER}))["id"]
    found["client"] = (await made(CLIENTS.format(**found), {"name": "Second", "scopes": ["read:checkout"]}))["id"]
    await made(SIGNATURE, None)
    return found


def named(value: Any, ids: dict[str, str]) -> Any:
    """The value with what it names in braces put in its place."""
    if isinstance(value, dict):
        return {name: named(inner, ids) for name, inner in value.items()}
    return re.sub(r"\{(\w+)\}", lambda m: ids[m.group(1)], value) if isinstance(value, str) else value


def at(answer: Any, path: str) -> Any:
    for name in path.split("."):
        answer = answer[int(name)] if name.isdigit() else answer[name]
    return answer


async def ask(
    http: httpx.AsyncClient, row: Row, ids: dict[str, str], no: No | None = None, **more: Any
) -> httpx.Response:
    wrong = no or No()
    path = named(row.path if wrong.path is None else wrong.path, ids)
    body = row.body if wrong.body is None else wrong.body
    return await http.request(row.method, path, json=named(body, ids) if body is not None else None, **more)


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_row(server: Server, seller: Shop, http: httpx.AsyncClient, ids: dict[str, str], row: Row) -> None:
    who: dict[str, Any] = {"auth": (seller.client_id, seller.client_secret)} if row.basic else {}
    mine = http if row.public or row.basic else seller.http
    await check_the_others(server, http, ids, row)
    if row.no.status == 401:
        wrong = await ask(http, row, ids)
    elif row.public and row.no is UNKNOWN:
        wrong = await ask(http, row, {**ids, "session": f"{seller.account_id}.{NOWHERE}"})
    else:
        wrong = await ask(mine, row, ids, row.no, **who)
    assert wrong.status_code == row.no.status, wrong.text
    assert wrong.json()["error"]["code"] == (row.no.code or CODE[row.no.status])
    answer = await ask(mine, row, ids, **who)
    assert answer.status_code == 200, answer.text
    assert {path: at(answer.json(), path) for path in row.holds} == named(row.holds, ids)


async def check_the_others(server: Server, http: httpx.AsyncClient, ids: dict[str, str], row: Row) -> None:
    """Who has no token, a token of too little, and a token of another account."""
    if row.public:
        elsewhere = await ask(http, row, {**ids, **dict.fromkeys(("session", "plain"), f"P00000001.{NOWHERE}")})
        assert elsewhere.status_code == 404, elsewhere.text
        return
    assert (await ask(http, row, ids)).status_code == 401
    other = f"P{ids['account'][1:]}"
    async with server.shop(other, scopes=["admin:checkout", "admin:accounts"]) as stranger:
        if row.basic:
            answer = await ask(http, row, ids, auth=(stranger.client_id, stranger.client_secret))
        else:
            answer = await ask(stranger.http, row, ids)
        if isinstance(row.others, int):
            assert answer.status_code == row.others, answer.text
        else:
            assert answer.json() == row.others
    if row.scope:
        client, secret = await server.app.accounts.create_client(ids["account"], "Narrow", [row.scope])
        path = f"/v1/accounts/{ids['account']}/auth/token"
        told = await http.post(path, json=named(GRANT, ids), auth=(client.client_id, secret))
        narrow = {"Authorization": f"Bearer {told.json()['access_token']}"}
        assert (await ask(http, row, ids, headers=narrow)).status_code == 403


async def test_every_route_of_the_checkout_has_its_row(http: httpx.AsyncClient) -> None:
    def nameless(path: str) -> str:
        return re.sub(r"\{[^}]*\}", "{}", path.partition("?")[0])

    ours = {"Sessions", "Transactions", "Payment profiles", "Payment page", "Card tokens", "Signature", "Accounts"}
    paths = (await http.get("/openapi.json")).json()["paths"]
    shown = {
        (method.upper(), nameless(path))
        for path, methods in paths.items()
        for method, operation in methods.items()
        if ours & set(operation["tags"])
    }
    rows = {(row.method, nameless(row.path)) for row in ROWS}
    assert shown - rows <= {("GET", "/.well-known/jwks.json")}
    assert {(method, path) for method, path in rows - shown if "/payments/" not in path} == set()
