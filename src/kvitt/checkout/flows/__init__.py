"""Checkout's flows: load, decide, commit; talk to providers. `Checkout` is the door that other parts come through."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping

import msgspec

from kvitt.checkout.flows import dance, expiry, notices, operations, pay, profiles, sessions
from kvitt.checkout.flows.desk import Actor, Desk
from kvitt.checkout.model.payment import CardDetails, Operation
from kvitt.checkout.model.profile import Profile
from kvitt.checkout.model.session import Session, SessionOptions
from kvitt.checkout.model.transaction import Transaction
from kvitt.checkout.model.view import Payment, View
from kvitt.checkout.providers.protocol import Provider
from kvitt.checkout.rules.automatic import AUTOMATIC_CAPTURE_TASK
from kvitt.checkout.rules.expiry import AUTHORIZATION_TASK
from kvitt.checkout.rules.present import present_session, present_transaction, wants_session
from kvitt.checkout.rules.schedule import ASK_TASK, AskData
from kvitt.checkout.rules.sessions import EXPIRY_TASK
from kvitt.checkout.rules.settlement import Settlement
from kvitt.core.change import Change
from kvitt.core.clock import Clock
from kvitt.core.ids import new_uuid
from kvitt.store import DueTask, Store

__all__ = ["Actor", "Checkout"]


class Checkout:
    """`providers` by name; the one named `sandbox` serves T accounts, the others P accounts. Raises Refusal for no."""

    def __init__(self, store: Store, clock: Clock, providers: Mapping[str, Provider], base_url: str) -> None:
        self._desk = Desk(store, clock, providers, base_url.rstrip("/"))

    # the shop

    async def create_session(
        self, account_id: str, options: SessionOptions, toggles: frozenset[str], actor: Actor
    ) -> Session:
        return await sessions.create(self._desk, account_id, options, toggles, actor)

    async def prepare_session(self, account_id: str, options: SessionOptions, actor: Actor) -> tuple[Change, Session]:
        """A new session for a Change that does more than create it; nothing is committed here."""
        return await sessions.prepare(self._desk, account_id, options, frozenset(), actor)

    async def get_session(self, account_id: str, session_id: str, includes: Collection[str] = ()) -> Session:
        return present_session((await self._desk.session(account_id, session_id)).doc.session, includes)

    async def cancel_session(self, account_id: str, session_id: str, actor: Actor) -> Session:
        return await sessions.cancel(self._desk, account_id, session_id, actor)

    async def get_transaction(
        self, account_id: str, transaction_id: str, includes: Collection[str] = ()
    ) -> Transaction:
        transaction = (await self._desk.transaction(account_id, transaction_id)).doc.transaction
        session = None
        if wants_session(includes):
            session = (await self._desk.session(account_id, transaction.session_id)).doc.session
        return present_transaction(transaction, includes, session)

    async def operate(self, account_id: str, transaction_id: str, operation: Operation, actor: Actor) -> Settlement:
        return await operations.operate(self._desk, account_id, transaction_id, operation, actor)

    async def get_profile(self, account_id: str, profile_id: str) -> Profile:
        return await profiles.get_profile(self._desk, account_id, profile_id)

    async def list_profiles(self, account_id: str) -> list[Profile]:
        return await profiles.list_profiles(self._desk, account_id)

    # the customer, whom the session's id lets in

    def page_url(self, session_id: str) -> str:
        return f"{self._desk.base_url}/v1/view/{session_id}"

    async def view(self, session_id: str) -> View:
        return await sessions.view(self._desk, session_id)

    async def visited(
        self, session_id: str, customer_ip: str | None, user_agent: str | None, actor: Actor | None = None
    ) -> None:
        """The customer opened the page."""
        await sessions.visited(self._desk, session_id, customer_ip, user_agent, actor or Actor(new_uuid()))

    async def pay(self, session_id: str, product: str, card: CardDetails | None, actor: Actor) -> Payment:
        return await pay.pay(self._desk, session_id, product, card, actor)

    async def abandon(self, session_id: str, actor: Actor) -> str:
        return await sessions.abandon(self._desk, session_id, actor)

    # the house itself

    async def create_default_profile(self, account_id: str, merchant_name: str) -> None:
        await profiles.create_default_profile(self._desk, account_id, merchant_name)

    def task_handlers(self) -> dict[str, Callable[[DueTask], Awaitable[object]]]:
        """By kind of task. Each ends its task with its own commit."""
        return {
            ASK_TASK: self._ask_provider,
            EXPIRY_TASK: self._expire_session,
            AUTHORIZATION_TASK: self._expire_authorization,
            AUTOMATIC_CAPTURE_TASK: self._capture_automatically,
        }

    async def callback_sent(self, task: DueTask, *_: object) -> Change:
        """The shop took a callback: what else is true then, to be committed with the task's end."""
        return await sessions.callback_sent(self._desk, task)

    async def notified(self, account_id: str, transaction_id: str, attempt_id: str) -> None:
        """A provider says that there are news of an attempt: it is asked for them."""
        await notices.notified(self._desk, account_id, transaction_id, attempt_id)

    async def _ask_provider(self, task: DueTask) -> None:
        await dance.ask_again(self._desk, task, msgspec.json.decode(task.data, type=AskData))

    async def _expire_session(self, task: DueTask) -> None:
        await sessions.expire(self._desk, task)

    async def _expire_authorization(self, task: DueTask) -> None:
        await expiry.expire_authorization(self._desk, task)

    async def _capture_automatically(self, task: DueTask) -> None:
        await operations.capture_automatically(self._desk, task)
