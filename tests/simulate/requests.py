"""What shops and customers send: each a flow of kvitt's, with the reference by which its effect can be found again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from kvitt.checkout.flows import Actor
from kvitt.checkout.model.order import Item as SessionItem
from kvitt.checkout.model.order import SessionOrder
from kvitt.checkout.model.payment import CardDetails, Operation
from kvitt.checkout.model.session import Configuration, SessionOptions, Url
from kvitt.checkout.rules.answers import of_operation, of_payment
from kvitt.checkout.wire import Abandoned, SessionCreated
from kvitt.core.idempotency import Once, once
from kvitt.core.ids import new_uuid
from kvitt.core.reply import Reply, reply
from kvitt.orders.model import (
    DraftOptions,
    Item,
    OperationItem,
    OperationRequest,
    OrderContent,
    Origin,
    RelatedItem,
    Verb,
)
from kvitt.orders.wire import CompletedDraft

from .chance import Chance

if TYPE_CHECKING:
    from .server import Server

CARD = CardDetails("4000000000000002", "12/39", "123")
PRODUCTS = ("dintero_psp.creditcard", "payex.creditcard", "bambora.creditcard")
CLIENT = "shop's client"

Flow = Callable[["Server", Once | None], Awaitable[Any]]


@dataclass(eq=False)
class Request:
    """`reference` is new for each: what it did carries it. `answers`: what came back, None for no answer."""

    kind: str
    account_id: str
    flow: Flow
    reference: str
    about: str = ""
    key: str | None = None
    shape: Callable[[Any], Any] = lambda made: made
    within: str = ""
    answers: list[Reply | None] = field(default_factory=list)

    def once(self) -> Once | None:
        if self.key is None:
            return None
        body = (self.kind.encode(), self.about.encode(), self.reference.encode())
        return once(self.account_id, self.key, body, lambda made: reply(self.shape(made)), self.within)

    @property
    def name(self) -> str:
        return f"{self.kind} {self.reference}{f' of {self.about}' if self.about else ''}"


def create_session(chance: Chance, account_id: str, reference: str, now: Any) -> Request:
    amount = chance.one_of((100, 5000, 29_990, 39_801))
    product = chance.one_of(PRODUCTS)
    group, _, name = product.partition(".")
    configuration = Configuration(
        auto_capture=chance.once_in(0.25) or None,
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

    return Request("visit", account_id, flow, reference, session_id)


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


def origin(account_id: str, method: str, path: str) -> Origin:
    return Origin(account_id=account_id, subject=CLIENT, client_id="shop", method=method, path=path)


def create_draft(chance: Chance, account_id: str, reference: str, order: Any | None) -> Request:
    """A draft with a few lines; for `order` (a document), lines to add to it, one of which may take a line back."""
    first = 1 + (max((int(item["line_id"]) for item in order["items"]), default=0) if order else 0)
    items = [
        Item(
            line_id=first + place,
            id="thing",
            gross_amount=chance.one_of((0, 100, 24_900)),
            tax_lines=(),
        )
        for place in range(1 + chance.below(3))
    ]
    options: dict[str, Any] = {}
    number = None
    if order is not None:
        options["order_id"] = order["order_id"]
        if order["items"] and chance.once_in(0.5):
            back = chance.one_of(order["items"])
            items.append(
                Item(
                    line_id=first + 9,
                    id="back",
                    gross_amount=-abs(int(back["net_amount"])),
                    tax_lines=(),
                    related_item=RelatedItem(line_id=back["line_id"], type="reversed"),
                    reversed_reason="returned",
                )
            )
    else:
        how = chance.below(5)
        if how < 2:
            number, options["split_draft"] = f"order-{chance.below(5)}", False
        elif how < 4:
            options["generate_order_id"] = ("ALPHANUMERIC_9", "ALPHANUMERIC_9_RESERVE")[how - 2]
        options["multiple_authorizations"] = chance.once_in(0.3) or None
    currency = order["currency"] if order else "NOK"
    content = OrderContent(currency=currency, order_id=number, items=tuple(items), metadata={"reference": reference})
    chosen = DraftOptions(**options)

    async def flow(server: Server, key: Once | None) -> Any:
        where = origin(account_id, "POST", "/draft_orders")
        return await server.orders.create_draft(where, content, chosen, None, key)

    return Request("create_draft", account_id, flow, reference)


def complete_draft(account_id: str, draft_id: str, reference: str) -> Request:
    async def flow(server: Server, key: Once | None) -> Any:
        where = origin(account_id, "PUT", f"/draft_orders/{draft_id}/complete")
        return CompletedDraft(await server.orders.complete(where, draft_id, key))

    return Request("complete_draft", account_id, flow, reference, draft_id, shape=CompletedDraft)


def register(
    account_id: str, order_id: str, verb: Verb, items: tuple[OperationItem, ...], authorization_id: str | None,
    reference: str, *, success: bool,
) -> Request:  # fmt: skip
    asked = OperationRequest(
        items=items, processed_by=reference, success=None if success else False, authorization_id=authorization_id
    )

    async def flow(server: Server, key: Once | None) -> Any:
        where = origin(account_id, "POST", f"/orders/{order_id}/{verb}")
        return await server.orders.register(where, order_id, verb, asked, key)

    return Request(verb.value, account_id, flow, reference, order_id)
