"""Checkout's flows: load, decide, commit; talk to providers. `Checkout` is the door that other parts come through."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

import msgspec

from kvitt.checkout.flows import (
    authorizations,
    dance,
    expiry,
    express,
    lists,
    merchant_initiated,
    notices,
    operations,
    pay,
    profiles,
    sessions,
    token_sessions,
    tokens,
    transactions,
    updates,
)
from kvitt.checkout.flows.desk import Actor, Desk
from kvitt.checkout.flows.updates import UpdateOptions
from kvitt.checkout.model.authorization import AuthorizationChange
from kvitt.checkout.model.order import Address, LineId
from kvitt.checkout.model.payment import NO_PAYER, CardDetails, Operation, Payer
from kvitt.checkout.model.profile import ProfileOptions, ShownProfile
from kvitt.checkout.model.saved import TokenType
from kvitt.checkout.model.session import PayLock, Session, SessionOptions, Tick
from kvitt.checkout.model.token import CardToken, Requestor
from kvitt.checkout.model.transaction import Transaction
from kvitt.checkout.model.updates import SessionUpdate
from kvitt.checkout.model.view import Payment, View
from kvitt.checkout.providers.protocol import Provider
from kvitt.checkout.providers.shop import AsksShop, Unconnected
from kvitt.checkout.rules.automatic import AUTOMATIC_CAPTURE_TASK
from kvitt.checkout.rules.expiry import AUTHORIZATION_TASK
from kvitt.checkout.rules.locks import as_of
from kvitt.checkout.rules.merchant_initiated import MerchantOperation
from kvitt.checkout.rules.present import present_session, present_transaction, wants_session
from kvitt.checkout.rules.schedule import ASK_TASK, AskData
from kvitt.checkout.rules.sessions import EXPIRY_TASK
from kvitt.checkout.rules.settlement import Settlement
from kvitt.core.change import Change
from kvitt.core.clock import Clock
from kvitt.core.ids import new_uuid
from kvitt.core.reply import Reply
from kvitt.store import DueTask, Selection, Store

__all__ = ["Actor", "Checkout", "UpdateOptions"]


class Checkout:
    """`providers` by name; the one named `sandbox` serves T accounts, the others P accounts. `shop`: how shops are
    asked something. Raises Refusal for no."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        providers: Mapping[str, Provider],
        base_url: str,
        shop: AsksShop | None = None,
    ) -> None:
        self._desk = Desk(store, clock, providers, base_url.rstrip("/"), shop=shop or Unconnected())

    # the shop

    async def create_session(
        self, account_id: str, options: SessionOptions, toggles: frozenset[str], actor: Actor
    ) -> Session:
        return await sessions.create(self._desk, account_id, options, toggles, actor)

    async def prepare_session(self, account_id: str, options: SessionOptions, actor: Actor) -> tuple[Change, Session]:
        """A new session for a Change that does more than create it; nothing is committed here."""
        return await sessions.prepare(self._desk, account_id, options, frozenset(), actor)

    async def get_session(self, account_id: str, session_id: str, includes: Collection[str] = ()) -> Session:
        session = (await self._desk.session(account_id, session_id)).doc.session
        return present_session(as_of(session, self._desk.clock(account_id)), includes)

    async def update_session(
        self, account_id: str, session_id: str, asked: SessionUpdate, options: UpdateOptions, actor: Actor
    ) -> Session:
        return await updates.update(self._desk, account_id, session_id, asked, options, actor)

    async def cancel_session(self, account_id: str, session_id: str, actor: Actor) -> Session:
        return await sessions.cancel(self._desk, account_id, session_id, actor)

    async def get_transaction(
        self, account_id: str, transaction_id: str, includes: Collection[str] = ()
    ) -> Transaction:
        transaction = (await self._desk.transaction(account_id, transaction_id)).doc.transaction
        session = None
        if wants_session(includes):
            session = (await self._desk.session(account_id, transaction.session_id)).doc.session
            session = as_of(session, self._desk.clock(account_id))
        transaction = await tokens.with_values(self._desk, account_id, transaction, tokens.wanted_in(includes))
        return present_transaction(transaction, includes, session)

    async def create_token_session(
        self,
        account_id: str,
        options: SessionOptions,
        product: str,
        types: tuple[TokenType, ...],
        methods: tuple[str, ...] | None,
        actor: Actor,
    ) -> Session:
        return await token_sessions.create(self._desk, account_id, options, product, types, methods, actor)

    async def pay_unattended(
        self,
        account_id: str,
        options: SessionOptions,
        product: str,
        operation: MerchantOperation,
        toggles: frozenset[str],
        actor: Actor,
    ) -> Reply:
        return await merchant_initiated.pay(self._desk, account_id, options, product, operation, toggles, actor)

    async def naming_token(self, account_id: str, said: Reply) -> Reply:
        return await tokens.naming_token(self._desk, account_id, said)

    async def list_card_tokens(
        self,
        account_id: str,
        filters: Mapping[str, str],
        statuses: Sequence[str],
        include_deleted: bool,
        limit: int,
        starting_after: str | None,
    ) -> list[CardToken]:
        return await tokens.page(self._desk, account_id, filters, statuses, include_deleted, limit, starting_after)

    async def get_card_token(self, account_id: str, token_id: str) -> CardToken:
        return await tokens.get(self._desk, account_id, token_id)

    async def delete_card_token(
        self, account_id: str, token_id: str, reason: str | None, requestor: Requestor, actor: Actor
    ) -> CardToken:
        return await tokens.delete(self._desk, account_id, token_id, reason, requestor, actor)

    async def list_transactions(
        self,
        account_id: str,
        selection: Selection,
        limit: int,
        starting_after: str | None = None,
        includes: Collection[str] = (),
    ) -> list[Transaction]:
        records = await lists.transactions(self._desk, account_id, selection, limit, starting_after)
        return [present_transaction(record.transaction, includes) for record in records]

    async def list_sessions(
        self, account_id: str, selection: Selection, limit: int, starting_after: str | None = None
    ) -> list[Session]:
        records = await lists.sessions(self._desk, account_id, selection, limit, starting_after)
        now = self._desk.clock(account_id)
        return [present_session(as_of(record.session, now)) for record in records]

    async def update_transaction(
        self, account_id: str, transaction_id: str, merchant_reference_2: str | None, actor: Actor
    ) -> Transaction:
        return await transactions.update(self._desk, account_id, transaction_id, merchant_reference_2, actor)

    async def adjust(
        self, account_id: str, transaction_id: str, asked: AuthorizationChange, actor: Actor
    ) -> Settlement:
        return await authorizations.adjust(self._desk, account_id, transaction_id, asked, actor)

    async def operate(self, account_id: str, transaction_id: str, operation: Operation, actor: Actor) -> Settlement:
        return await operations.operate(self._desk, account_id, transaction_id, operation, actor)

    async def create_profile(
        self, account_id: str, profile_id: str | None, options: ProfileOptions, actor: Actor
    ) -> ShownProfile:
        return await profiles.create(self._desk, account_id, profile_id, options, actor)

    async def get_profile(self, account_id: str, profile_id: str) -> ShownProfile:
        return await profiles.get_profile(self._desk, account_id, profile_id)

    async def list_profiles(self, account_id: str) -> list[ShownProfile]:
        return await profiles.list_profiles(self._desk, account_id)

    async def update_profile(
        self,
        account_id: str,
        profile_id: str,
        options: ProfileOptions,
        named: str | None,
        expected: int | None,
        actor: Actor,
    ) -> ShownProfile:
        return await profiles.update(self._desk, account_id, profile_id, options, named, expected, actor)

    async def delete_profile(
        self, account_id: str, profile_id: str, expected: int | None, actor: Actor
    ) -> ShownProfile:
        return await profiles.delete(self._desk, account_id, profile_id, expected, actor)

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

    async def pay(
        self,
        session_id: str,
        product: str,
        card: CardDetails | None,
        actor: Actor,
        payer: Payer = NO_PAYER,
        unmodified: str | None = None,
        ticks: tuple[Tick, ...] | None = None,
    ) -> Payment:
        return await pay.pay(self._desk, session_id, product, card, actor, payer, unmodified, ticks)

    async def cancel_payment(self, session_id: str, actor: Actor) -> View:
        """The customer gives up a payment that waits for them, to pay otherwise."""
        return await sessions.cancel_payment(self._desk, session_id, actor)

    async def lock(self, session_id: str, actor: Actor) -> PayLock:
        return await updates.lock(self._desk, session_id, actor)

    async def set_shipping_address(self, session_id: str, address: Address, actor: Actor) -> View:
        return await express.set_shipping_address(self._desk, session_id, address, actor)

    async def set_billing_address(self, session_id: str, address: Address, actor: Actor) -> View:
        return await express.set_billing_address(self._desk, session_id, address, actor)

    async def set_shipping_option(self, session_id: str, id: str, line_id: LineId | None, actor: Actor) -> View:
        return await express.set_shipping_option(self._desk, session_id, id, line_id, actor)

    async def set_discount_codes(self, session_id: str, codes: tuple[str, ...], actor: Actor) -> View:
        return await express.set_discount_codes(self._desk, session_id, codes, actor)

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
