"""Which webhook events an event of the log causes, and what they say.

    in the log                            webhook event             its payload
    ------------------------------------  ------------------------  -------------------------------------------
    transaction.*                         checkout_transaction      `transaction`
    transaction.authorized                checkout_authorization    `authorization`, `transaction`
    transaction.captured (as it was paid) checkout_authorization    `authorization`, `transaction`
    transaction.failed (the shop's try)   checkout_authorization    the same, `authorization` with `error`
    session.cancelled, session.expired    checkout_authorization    `authorization` with `error`
    card_token.created                    checkout_token_add        `token`, without what one pays with
    card_token.deleted                    checkout_token_delete     `token`
    draft.created                         shopping_draft_add        `draft`
    draft.updated, draft.deleted          shopping_draft_update     `draft`
    draft.completed                       shopping_draft_complete   `draft`
    order.removed                         shopping_order_delete     `order`: its `id` and `order_id`
    order.event_added                     shopping_order_event_add  `order_event`, `order`
    every other order.*                   shopping_order_update     `order`

A new order is told of by its draft's completion, as Dintero does it; one that was made without a draft by
`shopping_order_update`.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from kvitt.core.change import Event, encode_text

DELIVERED_EVENTS = (
    "checkout_transaction",
    "checkout_authorization",
    "checkout_token_add",
    "checkout_token_delete",
    "shopping_draft_add",
    "shopping_draft_update",
    "shopping_draft_complete",
    "shopping_order_update",
    "shopping_order_event_add",
    "shopping_order_delete",
)
PING = "ping"
_TOKENS = {"card_token.created": "checkout_token_add", "card_token.deleted": "checkout_token_delete"}
_DRAFTS = {
    "draft.created": "shopping_draft_add",
    "draft.updated": "shopping_draft_update",
    "draft.deleted": "shopping_draft_update",
    "draft.completed": "shopping_draft_complete",
}
_UNATTENDED = ("unscheduled_purchase", "recurring_purchase")
"""Payments with a saved card that the shop starts: no session that ends tells of their failure."""
DOCUMENTED_EVENTS = frozenset(
    (
        *DELIVERED_EVENTS,
        *("account_add", "account_update", "account_store_add", "account_store_update", "account_store_delete"),
        *("approval_payout_destination_update", "approval_payout_destination_delete", "cdd_case_update"),
        "checkout_token_update",
        *("customer_add", "customer_update", "customer_delete", "customer_change_password"),
        *("discount_add", "discount_update", "discount_delete", "discount_add_customers", "discount_customer_update"),
        *("location_add", "location_update", "location_delete", "receipt_add", "receipt_update", "settlement_add"),
        *("token_add", "token_remove", "transaction", "wallet_transaction"),
    )
)
"""What a subscription may name. Those beyond DELIVERED_EVENTS are of services that are not here: they never happen."""


@dataclass(frozen=True)
class Notice:
    """A webhook event that an event of the log causes. `loads`: the member whose document is to be loaded."""

    event: str
    members: dict[str, msgspec.Raw]
    loads: str | None = None


class _TransactionEvent(msgspec.Struct):
    event: str
    success: bool


class _Transaction(msgspec.Struct):
    id: str
    session_id: str = ""
    merchant_reference: str = ""
    status: str = ""
    payment_operation: str | None = None
    events: tuple[_TransactionEvent, ...] = ()

    @property
    def captured_at_once(self) -> bool:
        """It was never authorized first, so the capture tells that the customer has paid."""
        return not any(event.event == "AUTHORIZE" and event.success for event in self.events)


class _SessionOrder(msgspec.Struct):
    merchant_reference: str


class _Session(msgspec.Struct):
    id: str
    order: _SessionOrder
    transaction_id: str | None = None


_NOTHING = msgspec.Raw(b"null")


class _Order(msgspec.Struct):
    order_id: str
    draft_id: str | None = None
    order_event: msgspec.Raw = _NOTHING


_order = msgspec.json.Decoder(_Order).decode
_transaction = msgspec.json.Decoder(_Transaction).decode
_session = msgspec.json.Decoder(_Session).decode


def notices(event: Event) -> tuple[Notice, ...]:
    """The webhook events that this event of the log causes, in their order."""
    if event.object_type == "transaction":
        return _of_transaction(event)
    if event.type in ("session.cancelled", "session.expired"):
        session = _session(event.data)
        about = {"merchant_reference": session.order.merchant_reference, "session_id": session.id}
        if session.transaction_id is not None:
            about["transaction_id"] = session.transaction_id
        tried = event.type == "session.expired" and session.transaction_id is not None
        about["error"] = "failed" if tried else "cancelled"
        return (Notice("checkout_authorization", {"authorization": msgspec.Raw(encode_text(about).encode())}),)
    if event.type in _TOKENS:
        return (Notice(_TOKENS[event.type], {"token": msgspec.Raw(event.data.encode())}),)
    if event.type in _DRAFTS:
        return (Notice(_DRAFTS[event.type], {}, "draft"),)
    if event.type == "order.removed":
        about = {"id": event.object_id, "order_id": _order(event.data).order_id}
        return (Notice("shopping_order_delete", {"order": msgspec.Raw(encode_text(about).encode())}),)
    if event.type == "order.event_added":
        return (Notice("shopping_order_event_add", {"order_event": _order(event.data).order_event}, "order"),)
    if event.type == "order.created" and _order(event.data).draft_id is not None:
        return ()
    return (Notice("shopping_order_update", {}, "order"),) if event.object_type == "order" else ()


def _of_transaction(event: Event) -> tuple[Notice, ...]:
    """A payment is an authorization too, whether it went through or the shop's own try of it failed."""
    raw = msgspec.Raw(event.data.encode())
    changed = Notice("checkout_transaction", {"transaction": raw})
    if event.type not in ("transaction.authorized", "transaction.captured", "transaction.failed"):
        return (changed,)
    paid = _transaction(event.data)
    if event.type == "transaction.captured" and not paid.captured_at_once:
        return (changed,)
    about = {
        "merchant_reference": paid.merchant_reference,
        "session_id": paid.session_id,
        "transaction_id": paid.id,
    }
    if event.type == "transaction.failed":
        if not (paid.status == "FAILED" and paid.payment_operation in _UNATTENDED):
            return (changed,)
        about["error"] = "failed"
    told = {"authorization": msgspec.Raw(encode_text(about).encode()), "transaction": raw}
    return changed, Notice("checkout_authorization", told)


def envelope(account_id: str, event: str, delivery_id: str, members: dict[str, msgspec.Raw]) -> str:
    """The body that is sent, on every try the same."""
    return encode_text({"account_id": account_id, "event": event, "event_delivery": delivery_id, **members})
