"""What shops and customers send: each a flow of kvitt's, with the reference by which its effect can be found again.

Here the checkout's; `shopping.py` has those of the order service.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from kvitt.checkout.flows import Actor, UpdateOptions
from kvitt.checkout.model.order import Item as SessionItem
from kvitt.checkout.model.order import SessionOrder
from kvitt.checkout.model.payment import CardDetails, Operation
from kvitt.checkout.model.session import Configuration, SessionOptions, Url
from kvitt.checkout.model.updates import OrderUpdate, SessionUpdate
from kvitt.checkout.rules.answers import of_operation, of_payment
from kvitt.checkout.wire import Abandoned, SessionCreated
from kvitt.core.idempotency import Once, once
from kvitt.core.ids import new_uuid
from kvitt.core.reply import Reply, reply

from .chance import Chance

if TYPE_CHECKING:
    from .server import Server

CARD = CardDetails("4000000000000002", "12/39", "123")
PRODUCTS = ("dintero_psp.creditcard", "payex.creditcard", "bambora.creditcard")
CLIENT = "shop's client"

Flow = Callable[["Server", Once | None], Awaitable[Any]]


@dataclass(eq=False)
class Request:
    """`reference` is new for each: what it did carries it. `answers`: what came back, None for no answer.

    `takes_key`: whether an Idempotency-Key means something. `expected`: the version that it is said to be made over.
    `then`: what the caller does next, once there is an answer.
    """

    kind: str
    account_id: str
    flow: Flow
    reference: str
    about: str = ""
    key: str | None = None
    shape: Callable[[Any], Any] = lambda made: made
    within: str = ""
    takes_key: bool = True
    expected: int | None = None
    then: Callable[[Reply], Request | None] | None = None
    answers: list[Reply | None] = field(default_factory=list)

    def once(self) -> Once | None:
        if self.key is None:
            return None
        body = (self.kind.encode(), self.about.encode(), self.reference.encode())
        return once(self.account_id, self.key, body, lambda made: reply(self.shape(made)), self.within)

    @property
    def name(self) -> str:
        return f"{self.kind} {self.reference}{f' of {self.about}' if self.about else ''}"


@dataclass(eq=False)
class Try:
    """A request as it was sent once. `applied`: Changes that it committed. `wrote`: versions, by table and id."""

    request: Request
    applied: int = 0
    wrote: dict[tuple[str, str], int] = field(default_factory=dict)


def create_session(chance: Chance, account_id: str, reference: str, now: Any) -> Request:
    amount = chance.one_of((100, 5000, 29_990, 39_801))
    product = chance.one_of(PRODUCTS)
    group, _, name = product.partition(".")
    configuration = Configuration(
        auto_capture=chance.once_in(0.35) or None,
        **{group: {name: {"enabled": True}}},  # type: ignore[arg-type]
    )
    lives = chance.one_of((None, timedelta(minutes=2), timedelta(minutes=2), timedelta(hours=3)))
    options = SessionOptions(
        url=Url("https://shop.test/thanks", callback_url=_callback_url(chance, account_id)),
        order=SessionOrder(
            amount=amount, currency=chance.one_of(("NOK", "JPY", "KWD")), merchant_reference=reference,
            items=(SessionItem(amount=amount, line_id="1", id="thing"),),
        ),
        configuration=configuration,
        expires_at=None if lives is None else now + lives,
    )  # fmt: skip

    async def flow(server: Server, key: Once | None) -> Any:
        actor = Actor(new_uuid(), CLIENT, once=key)
        return shape(await server.checkout.create_session(account_id, options, frozenset(), actor))

    def shape(session: Any) -> SessionCreated:
        return SessionCreated(session.id, f"https://kvitt.test/v1/view/{session.id}", session)

    return Request("create_session", account_id, flow, reference, shape=shape)


def _callback_url(chance: Chance, account_id: str) -> str | None:
    """With some of the options; None at times."""
    if chance.once_in(0.15):
        return None
    options = [
        text
        for text in (
            "method=POST", "report_error=true", "delay_callback=20", "report_event=CAPTURE", "report_event=REFUND",
            "report_event=VOID", "includes=session", "sid_parameter_name=sid",
        )
        if chance.once_in(0.4)
    ]  # fmt: skip
    url = f"https://{account_id.lower()}.test/callback"
    return f"{url}?{'&'.join(options)}" if options else url


def pay(account_id: str, session_id: str, product: str, reference: str) -> Request:
    async def flow(server: Server, key: Once | None) -> Any:
        return of_payment(await server.checkout.pay(session_id, product, CARD, Actor(new_uuid(), once=key)))

    return Request("pay", account_id, flow, reference, session_id, within=session_id)


def abandon(account_id: str, session_id: str, reference: str) -> Request:
    async def flow(server: Server, key: Once | None) -> Any:
        return Abandoned(await server.checkout.abandon(session_id, Actor(new_uuid(), once=key)))

    return Request("abandon", account_id, flow, reference, session_id, shape=Abandoned, within=session_id)


def visit(account_id: str, session_id: str, reference: str) -> Request:
    async def flow(server: Server, key: Once | None) -> Any:
        await server.checkout.visited(session_id, "192.0.2.1", "browser")
        return await server.checkout.view(session_id)

    return Request("visit", account_id, flow, reference, session_id, takes_key=False)


def lock_session(account_id: str, session_id: str, reference: str) -> Request:
    async def flow(server: Server, key: Once | None) -> Any:
        return await server.checkout.lock(session_id, Actor(new_uuid(), once=key))

    return Request("lock_session", account_id, flow, reference, session_id, within=session_id)


def update_session(
    account_id: str, session_id: str, amount: int, options: UpdateOptions, reference: str, *, remove_lock: bool = True
) -> Request:
    """The shop asks for another amount."""
    order = OrderUpdate(amount=amount, items=(SessionItem(amount=amount, line_id="1", id="thing"),))
    asked = SessionUpdate(order=order, remove_lock=remove_lock)

    async def flow(server: Server, key: Once | None) -> Any:
        actor = Actor(new_uuid(), CLIENT, once=key)
        return await server.checkout.update_session(account_id, session_id, asked, options, actor)

    return Request("update_session", account_id, flow, reference, session_id)


def cancel_session(account_id: str, session_id: str, reference: str) -> Request:
    async def flow(server: Server, key: Once | None) -> Any:
        return await server.checkout.cancel_session(account_id, session_id, Actor(new_uuid(), CLIENT, once=key))

    return Request("cancel_session", account_id, flow, reference, session_id)


def operate(account_id: str, transaction_id: str, operation: Operation, reference: str) -> Request:
    async def flow(server: Server, key: Once | None) -> Any:
        actor = Actor(new_uuid(), CLIENT, once=key)
        settled = await server.checkout.operate(account_id, transaction_id, operation, actor)
        return of_operation(settled.record, settled.attempt)

    return Request(operation.verb, account_id, flow, reference, transaction_id)
