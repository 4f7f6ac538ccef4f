"""A shop whose every kind of journey really happened, and `kvitt verify` as people type it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import msgspec
import pytest
from rich.console import Console

from kvitt.checkout.flows import Actor, Checkout
from kvitt.checkout.model.authorization import AuthorizationChange
from kvitt.checkout.model.payment import CardDetails
from kvitt.checkout.model.payment import Operation as Asked
from kvitt.checkout.model.session import Session, SessionOptions
from kvitt.checkout.providers.sandbox import Sandbox
from kvitt.orders.flows import Orders
from kvitt.orders.model import DraftOptions, Operation, OperationRequest, Order, OrderContent, Origin, Verb
from kvitt.store import DueTask, SandboxBooks, Store
from kvitt.verify import command
from kvitt.worker import Sealer

KVITT = str(Path(sys.executable).parent / "kvitt")
CARD, DECLINED, SILENT_CAPTURE = "4000000000000002", "4100000000000076", "4100000000000019"


@pytest.fixture
def server(own_server: Any) -> Any:
    """Most tests here do the worker's work by hand: no worker may be there then."""
    return own_server


@dataclass
class HandClock:
    """The time, moved by hand."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def __call__(self, _account_id: str | None = None, /) -> datetime:
        return self.now


@dataclass
class Shop:
    """Orders and checkout on a real store; the sealer is moved by hand."""

    account_id: str
    store: Store
    clock: HandClock
    orders: Orders
    checkout: Checkout
    sealer: Sealer

    @property
    def origin(self) -> Origin:
        return Origin(
            account_id=self.account_id,
            subject="client",
            client_id="c",
            method="POST",
            path="/",
            body=b'{"},"status":"x"}',
        )

    def actor(self) -> Actor:
        return Actor(str(uuid4()), str(uuid4()))

    async def order(self, *lines: dict[str, Any], options: dict[str, Any] | None = None, **more: Any) -> Order:
        """An order of these lines; by default of two, for 100 and 250."""
        items = lines or (line(1, 100), line(2, 250))
        content = msgspec.convert({"currency": "NOK", "items": list(items), **more}, OrderContent)
        chosen = msgspec.convert(options, DraftOptions) if options is not None else None
        draft = await self.orders.create_draft(self.origin, content, chosen)
        return (await self.orders.complete(self.origin, draft.id))[0]

    async def register(self, order: Order, verb: Verb, *parts: tuple[int, int], **more: Any) -> Operation:
        body = {"items": [{"line_id": line_id, "amount": amount} for line_id, amount in parts], **more}
        return await self.orders.register(self.origin, order.id, verb, msgspec.convert(body, OperationRequest))

    async def session(self, amount: int = 39800, **more: Any) -> Session:
        body = {
            "url": {"return_url": "https://shop.example/thanks"},
            "order": {"amount": amount, "currency": "NOK", "merchant_reference": "ORDER-1"},
            "profile_id": "default",
            **more,
        }
        options = msgspec.convert(body, SessionOptions)
        return await self.checkout.create_session(self.account_id, options, frozenset(), self.actor())

    async def pay(self, session: Session, card: str = CARD, product: str = "dintero_psp.creditcard") -> Any:
        return await self.checkout.pay(session.id, product, CardDetails(card, "12/34", "123"), Actor(str(uuid4())))

    async def paid(self, card: str = CARD, **more: Any) -> str:
        """A paid session's transaction."""
        return str((await self.pay(await self.session(**more), card)).transaction_id)

    async def operate(self, transaction_id: str, verb: Any, amount: int | None = None, *, final: bool = False) -> Any:
        return await self.checkout.operate(
            self.account_id, transaction_id, Asked(verb, amount, final=final), self.actor()
        )

    async def adjust(self, transaction_id: str, amount: int, *, final: bool = False) -> Any:
        asked = AuthorizationChange(amount, final)
        return await self.checkout.adjust(self.account_id, transaction_id, asked, self.actor())

    async def ring(self, kind: str, handlers: Any = None) -> int:
        """Runs the account's tasks of a kind that are due by the clock."""

        async def run(connection: Any) -> list[DueTask]:
            rows = await connection.fetch(
                "select account_id, id, kind, due_at, data, tries from tasks "
                "where account_id = $1 and kind = $2 and due_at <= $3",
                self.account_id, kind, self.clock.now,
            )  # fmt: skip
            return [DueTask(*row) for row in rows]

        due = await self.store._lines.run(run)
        for task in due:
            await (handlers or self.checkout.task_handlers())[kind](task)
        return len(due)

    async def later(self, **delta: float) -> None:
        self.clock.now += timedelta(**delta)

    async def seal(self) -> None:
        """Until nothing of this account is left to seal, whatever other transactions hold back meanwhile."""
        self.store.unsealed.clear()
        self.store.unsealed.add(self.account_id)
        while self.store.unsealed:
            await self.sealer.seal_once()
            await asyncio.sleep(0)


def line(line_id: int, gross: int, **more: Any) -> dict[str, Any]:
    return {"line_id": line_id, "id": f"sku-{line_id}", "gross_amount": gross, "tax_lines": [], **more}


async def order_journeys(shop: Shop) -> None:
    plain = await shop.order()
    await shop.register(plain, Verb.AUTHORIZE, (1, 100), (2, 250), success=False)
    await shop.register(plain, Verb.AUTHORIZE, (1, 100), (2, 250), metadata={"status": "Blåbærsyltetøy"})
    await shop.register(plain, Verb.CAPTURE, (1, 60))
    await shop.register(plain, Verb.CAPTURE, (1, 40), (2, 250))
    await shop.register(plain, Verb.REFUND, (2, 30))
    await shop.register(await shop.order(), Verb.AUTHORIZE, (1, 100))
    part = await shop.order(options={"generate_order_id": "ALPHANUMERIC_9_RESERVE"})
    await shop.register(part, Verb.AUTHORIZE, (1, 100), (2, 250))
    await shop.register(part, Verb.CANCEL, (2, 250))
    await shop.register(part, Verb.CAPTURE, (1, 100))
    await shop.register(part, Verb.REFUND, (1, 100))
    many = await shop.order(options={"multiple_authorizations": True, "generate_order_id": "ALPHANUMERIC_9"})
    for amount in (40, 60):
        done = await shop.register(many, Verb.AUTHORIZE, (1, amount))
        await shop.register(many, Verb.CAPTURE, (1, amount), authorization_id=done.id)
    await shop.order(line(1, 0))
    grown = await shop.order(line(1, 500, discount_lines=[{"amount": 50, "discount_type": "manual"}]))
    await shop.register(grown, Verb.AUTHORIZE, (1, 450))
    await shop.register(grown, Verb.CAPTURE, (1, 450))
    taken_back = line(2, -200, reversed_reason="Replace item", related_item={"line_id": 1, "type": "reversed"})
    await shop.order(taken_back, line(3, 10), options={"order_id": grown.order_id})
    await shop.register(grown, Verb.AUTHORIZE, (2, -200))
    await shop.register(grown, Verb.CAPTURE, (2, -200))


async def payment_journeys(shop: Shop) -> None:
    await shop.session()
    whole = await shop.paid()
    await shop.operate(whole, "capture", 39800)
    await shop.operate(whole, "refund", 9800)
    await shop.operate(whole, "refund", 30000)
    part = await shop.paid()
    await shop.operate(part, "capture", 10000)
    await shop.operate(part, "refund", 2500)
    await shop.operate(await shop.paid(), "void")
    final = await shop.paid()
    await shop.operate(final, "capture", 10000)
    await shop.operate(final, "capture", 9800, final=True)
    again = await shop.session()
    await shop.pay(again, DECLINED)
    await shop.pay(again)
    for ending in ("abandoned", "cancelled", "run out"):
        session = await shop.session()
        await shop.pay(session, DECLINED)
        if ending == "abandoned":
            await shop.checkout.abandon(session.id, shop.actor())
        elif ending == "cancelled":
            await shop.checkout.cancel_session(shop.account_id, session.id, shop.actor())
    await shop.checkout.cancel_session(shop.account_id, (await shop.session()).id, shop.actor())
    voided = await shop.session()
    await shop.pay(voided)
    await shop.checkout.cancel_session(shop.account_id, voided.id, shop.actor())
    await shop.paid(configuration={"auto_capture": True})
    offers = {"payex": {"creditcard": {"enabled": True}}}
    remainder = await shop.pay(await shop.session(configuration=offers), product="payex.creditcard")
    await shop.operate(remainder.transaction_id, "capture", 10000)
    await shop.operate(remainder.transaction_id, "void")
    changed = await shop.paid(configuration={"pre_authorization": True})
    await shop.adjust(changed, 50000)
    await shop.adjust(changed, 30000, final=True)
    await shop.operate(changed, "capture", 10000)
    late = await shop.paid(SILENT_CAPTURE)
    await shop.operate(late, "capture", 39800)
    await shop.later(minutes=1)
    assert await shop.ring("checkout.ask_provider")
    await shop.later(days=1, minutes=1)
    assert await shop.ring("checkout.expire_session")
    expiring = await shop.paid()
    await shop.operate(expiring, "capture", 800)
    for _ in range(2):
        await shop.later(days=60)
        await shop.ring("checkout.authorization_expiry")
    assert (await shop.checkout.get_transaction(shop.account_id, expiring)).status == "CAPTURED"


@pytest.fixture
async def shop(store: Store, database_url: str, account_id: str) -> AsyncIterator[Shop]:
    books, clock = SandboxBooks(database_url), HandClock()
    checkout = Checkout(store, clock, {"sandbox": Sandbox(books, clock)}, "https://pay.example")
    await checkout.create_default_profile(account_id, "Stol & Bord AS")
    yield Shop(account_id, store, clock, Orders(store, clock), checkout, Sealer(store))
    await books.close()


@pytest.fixture
async def journeys(shop: Shop) -> None:
    """Every kind of journey has happened."""
    await order_journeys(shop)
    await payment_journeys(shop)


@dataclass
class Verified:
    code: int
    out: str
    err: str

    @property
    def report(self) -> Any:
        return json.loads(self.out)

    @property
    def objects(self) -> set[str]:
        return {each["object"] for each in self.report["differences"]}

    def only(self, object: str, what: str) -> dict[str, str]:  # noqa: A002
        """The one difference there is about this; all others are of the same object."""
        assert self.code == 1, self.err
        assert self.objects == {object}, self.report["differences"]
        (found,) = [each for each in self.report["differences"] if what in each["what"]]
        return dict(found)


Verify = Callable[..., Awaitable[Verified]]


@pytest.fixture
def verify(database_url: str, account_id: str) -> Verify:
    """What `kvitt verify --account …` does, in this process, which is quicker."""

    async def run(*options: str) -> Verified:
        out, err = Console(file=StringIO(), width=200), Console(file=StringIO(), width=200)
        anchors = [options[place + 1] for place, option in enumerate(options) if option == "--anchor"]
        code = await asyncio.to_thread(
            command.run, database_url, account_id, anchors, json="--json" in options, out=out, err=err
        )
        return Verified(code, *(console.file.getvalue() for console in (out, err)))  # type: ignore[attr-defined]

    return run


@pytest.fixture
def verify_command(database_url: str, account_id: str) -> Verify:
    """`kvitt verify` on the test's account, as a process of its own."""

    async def run(*options: str, account: str = account_id) -> Verified:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("KVITT_")}
        process = await asyncio.create_subprocess_exec(
            KVITT, "verify", "--account", account, *options,
            env={**kept, "KVITT_DATABASE_URL": database_url, "COLUMNS": "200", "NO_COLOR": "1"},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        async with asyncio.timeout(60):
            out, err = await process.communicate()
        return Verified(process.returncode or 0, out.decode(), err.decode())

    return run


@pytest.fixture
async def raw(database_url: str) -> AsyncIterator[Any]:
    """A connection of a thief with write access to everything."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()
