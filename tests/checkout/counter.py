"""A house that takes every payment product, with the customer's bank and telephone at hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import msgspec

from kvitt.checkout.flows import Actor
from kvitt.checkout.model.payment import CardDetails, Payer
from kvitt.checkout.model.session import Session, SessionOptions
from kvitt.checkout.providers.waiting import Waits
from kvitt.sandbox.flows.approvals import Approval, Approvals

CHALLENGED = "4000100000000000"


@dataclass
class Counter:
    """`house`: of tests/checkout/conftest.py."""

    house: Any

    @property
    def waits(self) -> Waits:
        found: Waits = self.house.checkout._desk.providers["sandbox"].waits
        return found

    @property
    def approvals(self) -> Approvals:
        return Approvals(self.waits, "https://pay.example")

    async def session(
        self, product: str, amount: int = 39800, currency: str = "NOK", auto_capture: bool = False, **options: Any
    ) -> Session:
        """One that offers the product by name, with `options` of its own."""
        group, _, name = product.partition(".")
        enabled = {"enabled": True, **options}
        body = {
            "url": {"return_url": "https://shop.example/thanks", "callback_url": "https://shop.example/hook"},
            "order": {"amount": amount, "currency": currency, "merchant_reference": "A-1"},
            "configuration": {group: {name: enabled} if name else enabled, "auto_capture": auto_capture},
        }
        asked = msgspec.convert(body, SessionOptions)
        made: Session = await self.house.checkout.create_session(
            self.house.account_id, asked, frozenset(), self.house.actor()
        )
        return made

    async def pay(self, session_id: str, product: str, card: str | None = None, **given: Any) -> Any:
        typed = None if card is None else CardDetails(card, "12/49", "123")
        return await self.house.checkout.pay(session_id, product, typed, Actor(str(uuid4())), Payer(**given))

    async def waiting(self, product: str = "vipps", **session: Any) -> tuple[str, str]:
        """The session and the attempt of a payment that waits for the customer."""
        made = await self.session(product, **session)
        card = CHALLENGED if product.endswith(".creditcard") else None
        payment = await self.pay(made.id, product, card)
        return made.id, payment.redirect_url.rpartition("/")[2]

    async def decide(self, attempt_id: str, decision: Any = "approve") -> str:
        return await self.approvals.decide(self.house.account_id, attempt_id, decision)

    async def approval(self, attempt_id: str) -> Approval:
        return await self.approvals.find(self.house.account_id, attempt_id)

    async def news(self) -> int:
        """The sandbox's news that are due reach kvitt; answers how many."""
        notices, own = self.house.books.notices, 0
        for notice in await notices.take(self.house.clock(), 1000, timedelta(minutes=1), {}):
            if notice.account_id != self.house.account_id:
                continue
            await self.house.checkout.notified(notice.account_id, notice.payment_id, notice.attempt_id)
            await notices.sent(notice, self.house.clock())
            own += 1
        return own

    async def approve(self, attempt_id: str) -> None:
        """The customer says yes, and kvitt hears of it."""
        await self.decide(attempt_id)
        await self.news()

    async def state(self, session_id: str) -> str:
        return str((await self.house.checkout.view(session_id)).state)

    async def transaction(self, session_id: str) -> Any:
        session = await self.house.checkout.get_session(self.house.account_id, session_id)
        return await self.house.get(session.transaction_id)

    async def postings(self, transaction_id: str) -> list[tuple[str, int]]:
        async def run(connection: Any) -> list[tuple[str, int]]:
            query = "select kind, amount from postings where account_id = $1 and object_id = $2 order by id"
            return [tuple(row) for row in await connection.fetch(query, self.house.account_id, transaction_id)]

        found: list[tuple[str, int]] = await self.house.store._lines.run(run)
        return found
