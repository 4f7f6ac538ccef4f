"""After all that a shop and a customer can do, no secret is left lying about: not in the database, not in the logs.

Neither are wrong ones: what is refused is read by people who look for the fault. The few secrets that signing needs
are in the settings for as long as they are in use, and nowhere else.
"""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
import json
import logging
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
import structlog

from kvitt.store.embedded import Embedded
from kvitt.store.migrate import migrate
from tests_support import Server, Shop, run_server

from .hearing import Hearing, hearing
from .wallet import PAYEX, saved, session_of, unattended

CARDS = (
    "5200000000000007",  # pays; the first of the test cards is named in a hint of the sandbox
    "4000000000009995",  # is declined
    "4111111111111112",  # no card: its check digit is wrong
    "5555555555554444",  # nobody's test card
    "40000000000000020000",  # too long
)
CVC, PIN = "9173", "861-429"
EXPIRED = "01/19"
GIFT_CARD = "6006000000010000"
BEARER = "eyJhbGciOiJub25lIn0.bm90IGEgdG9rZW4.c2lnbmF0dXJlLXRoYXQtaXMtbm9uZQ"
KEPT_FOR_SIGNING = re.compile(r"^settings \(\w+,(?:hooks:|signature:)")
_databases = itertools.count()


@pytest.fixture
async def own_database(database_url: str) -> AsyncIterator[str]:
    """Of this test alone: other tests script faults by the numbers of test cards."""
    name = f"secrets_{next(_databases)}"
    connection = await asyncpg.connect(database_url)
    await connection.execute(f"create database {name}")
    url = urlsplit(database_url)._replace(path=f"/{name}").geturl()
    migrate(url)
    yield url
    await connection.execute(f"drop database {name} with (force)")
    await connection.close()


@contextmanager
def everything_logged() -> Iterator[io.StringIO]:
    """What is said at any level, by us and by what we use, errors with their tracebacks."""
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    root = logging.getLogger()
    level, configured = root.level, structlog.get_config()
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, structlog.processors.add_log_level,
                    structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer(default=repr)],
        wrapper_class=structlog.make_filtering_bound_logger(0),
        logger_factory=structlog.PrintLoggerFactory(file=said),
        cache_logger_on_first_use=False,
    )  # fmt: skip
    try:
        yield said
    finally:
        structlog.configure(**configured)
        root.removeHandler(handler)
        root.setLevel(level)


@dataclass
class Secrets:
    """By what they are: texts that must be found nowhere."""

    all: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, secret: str) -> str:
        assert len(secret) >= 4, name
        self.all[name] = secret
        return secret

    def found(self, text: str) -> dict[str, str]:
        """Those that a text holds, as they are or as somebody may have written them, and what stands around them."""
        found = {name: re.search(pattern, text) for name, pattern in self._patterns().items()}
        return {name: text[max(0, hit.start() - 200) : hit.end() + 50] for name, hit in found.items() if hit}

    def _patterns(self) -> dict[str, str]:
        patterns = {}
        for name, secret in self.all.items():
            if secret.isdigit() and len(secret) > 8:  # of a card: also in groups, and as a hash that can be guessed
                digest = hashlib.sha256(secret.encode()).hexdigest()
                patterns[name] = r"[ .+-]?".join(secret) + f"|{digest}|{digest.upper()}"
            elif secret.isdigit():
                patterns[name] = rf"(?<![0-9A-Za-z.-]){secret}(?![0-9A-Za-z-])"
            else:
                encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
                patterns[name] = f"{re.escape(secret)}|{re.escape(encoded)}"
        return patterns


async def whole_database(url: str) -> list[str]:
    """Each row of each table of ours as a text, with the table's name; binary columns also as what they say."""
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch(
            "select table_schema, table_name from information_schema.tables "
            "where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')"
        )
        binary = await connection.fetch(
            "select table_schema, table_name, column_name from information_schema.columns "
            "where data_type = 'bytea' and table_schema not in ('pg_catalog', 'information_schema')"
        )
        rows = []
        for schema, table in tables:
            found = await connection.fetch(f'select t::text from "{schema}"."{table}" t')  # noqa: S608  our own tables
            rows += [f"{table} {row[0]}" for row in found]
        for schema, table, column in binary:
            found = await connection.fetch(f'select "{column}" from "{schema}"."{table}"')  # noqa: S608
            rows += [f"{table} {bytes(row[0] or b'').decode('latin-1')}" for row in found]
        return rows
    finally:
        await connection.close()


class Everybody:
    """A shop and its customers; what they say and are told in confidence goes into `secrets`."""

    def __init__(self, server: Server, shop: Shop, http: httpx.AsyncClient, hook: Hearing, secrets: Secrets) -> None:
        self.server, self.shop, self.http, self.hook, self.secrets = server, shop, http, hook, secrets
        self._numbers = itertools.count()
        self.subscriptions: list[str] = []

    def keyed(self) -> dict[str, Any]:
        """An Idempotency-Key, which nobody is to learn from the database either."""
        number = next(self._numbers)
        return {"headers": {"Idempotency-Key": self.secrets.add(f"key {number}", f"idempotency-key-of-{number}")}}

    async def twice(self, path: str, body: Any, http: httpx.AsyncClient | None = None) -> Any:
        """Sent, and sent again under its key: answered the same."""
        keyed = self.keyed()
        first, again = [await (http or self.shop.http).post(path, json=body, **keyed) for _ in range(2)]
        assert (first.status_code, first.text) == (again.status_code, again.text), (path, first.text, again.text)
        return first

    async def log_in(self) -> None:
        root = f"/v1/accounts/{self.shop.account_id}/auth"
        self.secrets.add("client secret", self.shop.client_secret)
        self.secrets.add("access token", self.shop.http.headers["Authorization"].removeprefix("Bearer "))
        made = (await self.twice(f"{root}/clients", {"name": "Another", "scopes": ["read:checkout"]})).json()
        secret = self.secrets.add("second client's secret", made["client_secret"])
        asked = {"grant_type": "client_credentials", "audience": f"https://x/v1/accounts/{self.shop.account_id}"}
        for id, given in ((made["client_id"], secret), (made["client_id"], self.secrets.add("wrong", "wrong-secret"))):
            answer = await self.http.post(f"{root}/token", auth=(id, given), json=asked)
            if answer.status_code == 200:
                token = self.secrets.add("second token", answer.json()["access_token"])
                self.secrets.add("second token's signature", token.rpartition(".")[2])
                await self.http.get("/v1/admin/signature", headers={"Authorization": f"Bearer {token}"})
        self.secrets.add("forged token", BEARER)
        for header in (f"Bearer {BEARER}", f"Basic {BEARER}", BEARER):
            assert (await self.http.get("/v1/sessions/x", headers={"Authorization": header})).status_code == 401

    async def secrets_for_signing(self) -> None:
        for name in ("signature secret", "signature secret that followed"):
            made = (await self.twice("/v1/admin/signature", None)).json()
            self.secrets.add(name, made["signature"]["secret"])
        await self.shop.get("/v1/admin/signature")
        path = f"/v1/accounts/{self.shop.account_id}/hooks/subscriptions"
        own = {"type": "Authorization", "value": self.secrets.add("webhook's own secret", "Bearer of-the-shops-own")}
        for secret in (None, {"type": "HMAC-SHA1"}, own):
            config = {"url": self.hook.url, "secret": secret} if secret else {"url": self.hook.url}
            body = {"active": True, "events": ["checkout_transaction", "checkout_authorization"], "config": config}
            made = (await self.twice(path, body)).json()
            self.subscriptions.append(f"{path}/{made['id']}")
            self.secrets.add(f"webhook secret {made['id']}", made["config"]["secret"].get("value") or own["value"])
            await self.shop.get(f"{path}/{made['id']}")
        rotated = (await self.twice(f"{self.subscriptions[0]}/rotate", {"overlap_seconds": 60})).json()
        self.secrets.add("rotated webhook secret", rotated["config"]["secret"]["value"])
        await self.twice(f"{self.subscriptions[1]}/ping", None)
        await self.shop.get(path)

    async def session(self, **members: Any) -> str:
        body = {
            "url": {"return_url": "https://shop.example/", "callback_url": f"{self.hook.url}?{_ALL_OPTIONS}"},
            "order": {"amount": 39800, "currency": "NOK", "merchant_reference": "A-1"},
            "profile_id": "default",
            **members,
        }
        answer = await self.twice("/v1/sessions-profile?include_session=true", body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    async def pay(self, sid: str, **members: Any) -> httpx.Response:
        """The customer's own key goes with it."""
        answer: httpx.Response = await self.twice(f"/v1/sessions/{sid}/pay", members, self.http)
        await self.http.get(f"/v1/view/{sid}")
        await self.http.get(f"/v1/view/{sid}/session")
        return answer

    async def pay_with_cards(self) -> None:
        for number in CARDS:
            self.secrets.add(f"card {number}", number)
        self.secrets.add("cvc", CVC)
        self.secrets.add("what stood in the cvc's place", PIN)
        good, product = CARDS[0], "dintero_psp.creditcard"

        def card(**changes: Any) -> dict[str, Any]:
            return {"number": good, "expiry": "12/34", "cvc": CVC, **changes}

        sid = await self.session()
        for number in CARDS[1:]:
            await self.pay(sid, payment_product_type=product, card=card(number=number))
        for odd in (
            card(cvc=PIN), card(cvc=int(CVC)), card(number=int(good)), card(number=good, expiry=EXPIRED),
            card(expiry=good), card(cvc=good), card(number={"pan": good}), card(number=None), good, [good],
        ):  # fmt: skip
            assert (await self.pay(sid, payment_product_type=product, card=odd)).status_code == 400
        await self.pay(sid, payment_product_type=good, card=card())
        await self.pay(sid, payment_product_type=product, card=card(), number=good, pan=good, cvv=CVC)
        for broken in (f'{{"card": {{"number": "{good}", "cvc": "{CVC}"', f"number={good}&cvc={CVC}", f'"{good}"'):
            answer = await self.http.post(f"/v1/sessions/{sid}/pay", content=broken)
            assert 400 <= answer.status_code < 500
            assert not self.secrets.found(answer.text), "the answer repeats what was typed"
        spaced = " ".join(good[place : place + 4] for place in range(0, 16, 4))
        sid = await self.session()
        paid = await self.pay(sid, payment_product_type=product, card=card(number=spaced))
        assert paid.status_code == 200, paid.text
        id = paid.json()["transaction_id"]
        await self.shop.get(f"/v1/transactions/{id}?includes=session&includes=card.payment_token")
        await self.twice(f"/v1/transactions/{id}/capture", {"amount": 100, "capture_reference": "C-1"})
        await self.twice(f"/v1/transactions/{id}/refund", {"amount": 40})
        await self.twice(f"/v1/transactions/{id}/void", None)
        await self.twice(f"/v1/sessions/{sid}/cancel", None)
        sid = await self.session()
        await self.http.post(f"/v1/view/{sid}/session/abandon", json={}, **self.keyed())
        sid = await self.session()
        gift = self.secrets.add("gift card", GIFT_CARD)
        await self.pay(sid, payment_product_type="dintero.giftcard", gift_card=gift)

    async def save_cards(self) -> None:
        """A token is used by the shop and by the customer, changed by a letter, shown, and deleted."""
        callback = {"return_url": "https://shop.example/", "callback_url": f"{self.hook.url}?{_ALL_OPTIONS}"}
        for type in ("payment_token", "recurrence_token"):
            members: dict[str, Any] = {"url": callback, "customer": {"customer_id": f"c-{type}"}}
            token, id = await saved(self.shop, self.http, CARDS[0], type, **members)
            self.secrets.add(type, token)
            self.secrets.add(f"what opens the {type}", token.rpartition("_")[2])
            wrong = self.secrets.add(f"wrong {type}", token[:-1] + ("A" if token[-1] != "A" else "B"))
            for each in (token, wrong, f"kvitt_pt_{CARDS[0]}"):
                await self.twice("/v1/sessions/pay", unattended(each, type, url=callback))
            await self.twice("/v1/sessions", session_of(url=callback, customer={"tokens": {PAYEX: {type: token}}}))
            answer = await self.twice("/v1/sessions?include_session=true", session_of(customer={"tokens": token}))
            assert answer.status_code == 400
            assert not self.secrets.found(answer.text), "the answer repeats the token"
            assert token in (await self.shop.get(f"/v1/card-tokens/{id}")).text
            assert (await self.shop.http.delete(f"/v1/card-tokens/{id}")).status_code == 200

    async def a_provider_that_fails(self) -> None:
        """And repeats in its error what it was sent."""
        provider = self.server.app.checkout._desk.providers["sandbox"]
        act = provider.act

        async def fail(ask: Any) -> Any:
            raise RuntimeError(f"cannot charge {ask.card.number} {ask.card.cvc}: {vars_of(ask)}")

        provider.act = fail  # type: ignore[method-assign]
        card = {"number": CARDS[0], "expiry": "12/34", "cvc": CVC}
        answer = await self.pay(await self.session(), payment_product_type="dintero_psp.creditcard", card=card)
        assert "poll_url" in answer.text
        provider.act = act  # type: ignore[method-assign]

    async def an_error_of_our_own(self) -> None:
        """500, with the traceback in the log, while a card is at hand."""
        checkout = self.server.app.checkout
        pay = checkout.pay

        async def fail(*given: Any, **_: Any) -> Any:
            raise KeyError(given[1])

        checkout.pay = fail  # type: ignore[method-assign]
        card = {"number": CARDS[0], "expiry": "12/34", "cvc": CVC}
        body = {"payment_product_type": "dintero_psp.creditcard", "card": card}
        answer = await self.http.post(f"/v1/sessions/{await self.session()}/pay", json=body)
        assert answer.status_code == 500
        checkout.pay = pay  # type: ignore[method-assign]

    async def work_with_orders(self) -> None:
        line = {"id": "1", "line_id": 1, "quantity": 1, "gross_amount": 100,
                "tax_lines": [{"amount": 20, "percentage": 25}]}  # fmt: skip
        order = {"currency": "NOK", "items": [line]}
        made = (await self.twice(f"{self.shop.shopping}/draft_orders", {"order": order})).json()
        done = await self.shop.put(f"{self.shop.shopping}/draft_orders/{made['id']}/complete", {}, **self.keyed())
        id = done.json()["orders"][0]["order_id"]
        root = f"{self.shop.shopping}/orders/{id}"
        for kind in ("authorizations", "captures", "refunds"):
            await self.twice(f"{root}/{kind}", {"items": [{"line_id": 1, "amount": 100}]})
        await self.shop.get(root)

    async def look_around(self) -> list[str]:
        """Everything that can be read, so that it is logged, and counted, if anything of it is."""
        account = f"/v1/accounts/{self.shop.account_id}"
        paths = ["/metrics", "/openapi.json", "/readyz", "/v1/transactions", "/v1/sessions", "/v1/card-tokens",
                 "/v1/admin/session/profiles", f"{account}/callbacks", f"{account}/events", f"{account}/auth/clients",
                 *(f"{each}/deliveries" for each in self.subscriptions)]  # fmt: skip
        return [(await self.shop.get(path)).text for path in paths]

    async def delivered(self, count: int) -> None:
        for _ in range(count):
            await self.hook.next()

    async def leave(self) -> None:
        for path in self.subscriptions:
            assert (await self.shop.http.delete(path)).status_code == 200
        assert (await self.shop.http.delete("/v1/admin/signature")).status_code == 200


_ALL_OPTIONS = "method=POST&includes=session&report_error=true&report_event=CAPTURE&report_event=REFUND"


def vars_of(ask: Any) -> str:
    return json.dumps({name: str(getattr(ask, name)) for name in ask.__struct_fields__})


async def test_no_secret_is_found_in_the_database_or_the_logs(
    own_database: str, embedded: Embedded, account_id: str
) -> None:
    secrets = Secrets()
    with everything_logged() as said:
        async with hearing() as hook, run_server(own_database) as server:
            scopes = ["admin:checkout", "admin:shopping", "admin:hooks", "admin:accounts"]
            async with server.shop(account_id, scopes) as shop, httpx.AsyncClient(base_url=server.url) as http:
                everybody = Everybody(server, shop, http, hook, secrets)
                await everybody.log_in()
                await everybody.secrets_for_signing()
                await everybody.pay_with_cards()
                await everybody.save_cards()
                await everybody.a_provider_that_fails()
                await everybody.an_error_of_our_own()
                await everybody.work_with_orders()
                await everybody.delivered(5)
                shown = await everybody.look_around()
                in_use = await whole_database(own_database)
                await everybody.leave()
        left = await whole_database(own_database)
    logs = said.getvalue()
    assert "request failed" in logs, "the logs were not heard"
    assert "a provider gave no answer" in logs
    assert any(row.startswith("transactions ") and "520000******0007" in row for row in in_use)
    elsewhere = [row for row in in_use if not KEPT_FOR_SIGNING.match(row)]
    assert len(elsewhere) < len(in_use)
    assert found_in(secrets, elsewhere) == {}
    assert found_in(secrets, left) == {}
    assert found_in(secrets, logs.splitlines()) == {}
    assert found_in(secrets, shown) == {}
    if embedded.log.exists():  # PostgreSQL's own, which may repeat a statement that failed
        assert found_in(secrets, embedded.log.read_text(errors="replace").splitlines()) == {}


def found_in(secrets: Secrets, texts: list[str]) -> dict[str, str]:
    """Each secret that one of the texts holds, with what stands around it."""
    return {name: around for text in texts for name, around in secrets.found(text).items()}
