"""What all flows of checkout work with: the store, the clock, the providers; and finding an account's own rows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from kvitt.checkout.flows.outages import Outages
from kvitt.checkout.model.payment import Capabilities
from kvitt.checkout.model.session import SESSIONS, SessionRecord
from kvitt.checkout.model.transaction import TRANSACTIONS, TransactionRecord
from kvitt.checkout.providers.protocol import Provider
from kvitt.checkout.providers.shop import AsksShop, Unconnected
from kvitt.checkout.rules.moment import Moment
from kvitt.checkout.rules.refusals import NoProvider
from kvitt.core.change import Row
from kvitt.core.clock import Clock
from kvitt.core.errors import NotFound
from kvitt.core.idempotency import Once
from kvitt.core.ids import account_of, is_test_account, new_uuid, new_uuids
from kvitt.store import Store


@dataclass(frozen=True)
class Actor:
    """Who asks, and with which request. `by`: the client's uuid, None for the customer and for tasks.

    `once`: the request's Idempotency-Key.
    """

    request_id: str
    by: str | None = None
    headers: dict[str, str] | None = None
    once: Once | None = None

    def promised(self, attempt_id: str) -> Once | None:
        """The key, to be answered when the attempt is settled."""
        return None if self.once is None else self.once.promised(attempt_id)


@dataclass(frozen=True)
class Desk:
    """`base_url`: the public root of the pages, without a slash at the end."""

    store: Store
    clock: Clock
    providers: Mapping[str, Provider]
    base_url: str
    outages: Outages = field(default_factory=Outages)
    shop: AsksShop = field(default_factory=Unconnected)

    def moment(self, account_id: str, actor: Actor, ids: int = 0) -> Moment:
        """Now in the account, for this actor, with as many fresh ids as the rule may need."""
        now = self.clock(account_id)
        return Moment(now, actor.request_id, new_uuids(ids), actor.by, actor.headers, actor.once is not None)

    def by_itself(self) -> Actor:
        """A task acts, on nobody's request."""
        return Actor(new_uuid())

    def providers_of(self, account_id: str) -> Iterator[Provider]:
        """The sandbox is the test mode of T accounts; live accounts never meet it."""
        test = is_test_account(account_id)
        return (provider for name, provider in self.providers.items() if (name == "sandbox") == test)

    def products_of(self, account_id: str) -> dict[str, Capabilities]:
        """What the account's providers take, in their order."""
        return {product: can for each in self.providers_of(account_id) for product, can in each.products.items()}

    def provider_for(self, account_id: str, product: str) -> tuple[Provider, Capabilities]:
        for provider in self.providers_of(account_id):
            if (can := provider.products.get(product)) is not None:
                return provider, can
        raise NoProvider(f"No provider of this account takes {product}")

    async def session(self, account_id: str, session_id: str) -> Row[SessionRecord]:
        """NotFound for one that is not the account's, as for one that is not at all."""
        row = None
        if account_of(session_id) == account_id:
            row = await self.store.get(SESSIONS, account_id, session_id)
        if row is None:
            raise NotFound("There is no such session")
        return row

    async def transaction(self, account_id: str, transaction_id: str) -> Row[TransactionRecord]:
        row = None
        if account_of(transaction_id) == account_id:
            row = await self.store.get(TRANSACTIONS, account_id, transaction_id)
        if row is None:
            raise NotFound("There is no such transaction")
        return row

    async def session_and_transaction(
        self, account_id: str, session_id: str
    ) -> tuple[Row[SessionRecord], Row[TransactionRecord] | None]:
        session = await self.session(account_id, session_id)
        transaction_id = session.doc.session.transaction_id
        if transaction_id is None:
            return session, None
        return session, await self.store.get(TRANSACTIONS, account_id, transaction_id)

    async def transaction_and_session(
        self, account_id: str, transaction_id: str, session_id: str
    ) -> tuple[Row[TransactionRecord], Row[SessionRecord]]:
        transaction, session = await asyncio.gather(
            self.transaction(account_id, transaction_id), self.session(account_id, session_id)
        )
        return transaction, session


def account_in(session_id: str) -> str:
    """The account that a session's id names, for the customer, who has no token. NotFound when it is no such id."""
    account_id = account_of(session_id)
    if account_id is None:
        raise NotFound("There is no such session")
    return account_id
