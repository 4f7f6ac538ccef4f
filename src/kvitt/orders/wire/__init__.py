"""Requests and answers where they differ from the nouns themselves."""

from __future__ import annotations

from typing import get_args

import msgspec

from kvitt.core.paging import PageQuery, Several, several
from kvitt.orders.model import Draft, DraftOptions, Operation, OrderContent, Store, Verb
from kvitt.orders.model.documents import DraftStatus
from kvitt.orders.model.events import OrderEvent, State
from kvitt.orders.model.kinds import Moment
from kvitt.orders.model.updates import Version
from kvitt.orders.rules.plan import Plan
from kvitt.orders.rules.view import OrderView
from kvitt.store import Selection

DRAFT_STATUSES = get_args(DraftStatus)


class DraftRequest(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A draft to be made: what it holds, how it becomes an order, and the store that sells."""

    order: OrderContent
    options: DraftOptions | None = None
    store: Store | None = None


class CompleteRequest(msgspec.Struct, frozen=True):
    """Nothing needs to be said. `version`: the draft's, as it was read."""

    version: Version | None = None


class DraftUpdate(DraftRequest, frozen=True, omit_defaults=True, kw_only=True):
    """`order` takes the place of what the draft held; `options` and `store` do when they are given."""

    version: Version | None = None


class DraftsQuery(PageQuery, frozen=True, kw_only=True):
    """`status`: one of open, completed, deleted, or several. Bounds of `created_at` count in."""

    status: Several = ()
    created_at_gte: Moment | None = msgspec.field(default=None, name="created_at.gte")
    created_at_lte: Moment | None = msgspec.field(default=None, name="created_at.lte")

    def __post_init__(self) -> None:
        several("status", self.status, DRAFT_STATUSES)

    def selection(self) -> Selection:
        statuses = several("status", self.status, DRAFT_STATUSES)
        return Selection(
            among={"status": statuses} if statuses else {},
            least={"created_at": self.created_at_gte} if self.created_at_gte is not None else {},
            most={"created_at": self.created_at_lte} if self.created_at_lte is not None else {},
            after=self.place(),
        )


class DraftList(msgspec.Struct, frozen=True, omit_defaults=True):
    """`paging_token` and `starting_after` are the same: the place to go on from. Neither is there on the last page."""

    draft_orders: tuple[Draft, ...]
    paging_token: str | None = None
    starting_after: str | None = None


class CompleteQuery(msgspec.Struct, frozen=True):
    """`dry_run`: answer what would become of it, and change nothing."""

    dry_run: bool = False


class CompletedDraft(msgspec.Struct, frozen=True, omit_defaults=True):
    """With `dry_run` true nothing was changed: `orders` are as they would become, and `plan` says what to authorize,
    capture and refund so that their payments follow."""

    orders: tuple[OrderView, ...]
    dry_run: bool | None = None
    plan: Plan | None = None


class OrderQuery(msgspec.Struct, frozen=True):
    """`include_events`: the answer has the order's latest events, and the `state` that follows from them."""

    include_events: bool = False


class Events(msgspec.Struct, frozen=True):
    """The latest events of an order, newest first, and the state that follows from all that services reported."""

    events: tuple[OrderEvent, ...]
    state: State


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
