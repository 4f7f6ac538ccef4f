"""Requests and answers where they differ from the nouns themselves."""

from __future__ import annotations

import msgspec

from kvitt.orders.model import DraftOptions, Operation, Order, OrderContent, Store, Verb


class DraftRequest(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A draft to be made: what it holds, how it becomes an order, and the store that sells."""

    order: OrderContent
    options: DraftOptions | None = None
    store: Store | None = None


class CompleteRequest(msgspec.Struct, frozen=True):
    """Nothing needs to be said."""


class CompletedDraft(msgspec.Struct, frozen=True):
    orders: tuple[Order, ...]


class Authorizations(msgspec.Struct, frozen=True):
    authorizations: tuple[Operation, ...]


class Captures(msgspec.Struct, frozen=True):
    captures: tuple[Operation, ...]


class Refunds(msgspec.Struct, frozen=True):
    refunds: tuple[Operation, ...]


class Cancellations(msgspec.Struct, frozen=True):
    cancellations: tuple[Operation, ...]


OperationList = Authorizations | Captures | Refunds | Cancellations

LISTS: dict[Verb, type[OperationList]] = {
    Verb.AUTHORIZE: Authorizations,
    Verb.CAPTURE: Captures,
    Verb.REFUND: Refunds,
    Verb.CANCEL: Cancellations,
}
