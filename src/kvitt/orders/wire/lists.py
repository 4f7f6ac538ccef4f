"""Lists of orders: what may be asked of them, and how they are answered. Every fault names its parameter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from kvitt.core.money import Amount
from kvitt.core.paging import (
    LONGEST_SEARCH,
    MOST_WORDS,
    PageQuery,
    Several,
    Sort,
    Texts,
    check_bounds,
    check_text,
    searched,
    several,
    texts,
    token_of,
)
from kvitt.orders.model import OrderRecord
from kvitt.orders.model.documents import OrderStatus, PaymentStatus
from kvitt.orders.model.kept import sort_value
from kvitt.orders.model.kinds import Moment
from kvitt.orders.model.words import LONGEST_VALUE, label
from kvitt.orders.rules.view import OrderView
from kvitt.store import Selection, Word

MOST_VALUES = 20

Sorting = Literal["created_at", "-created_at", "updated_at", "-updated_at", "amount", "-amount"]
Search = Annotated[tuple[Annotated[str, Meta(max_length=LONGEST_SEARCH)], ...], Meta(max_length=MOST_WORDS)]
Values = Annotated[tuple[Annotated[str, Meta(max_length=LONGEST_VALUE)], ...], Meta(max_length=MOST_VALUES)]
"""A parameter that may be repeated. Commas stay in the value, as in an address."""


class ListQuery(PageQuery, frozen=True, kw_only=True):
    """Which orders, and how they are sorted.

    `status`, `payment_status`, `order_id` (its `id` will do too) and `items_discount_lines_discount_type` may be
    repeated or have several values with commas between: one of them is enough. Bounds of `created_at`, `updated_at`
    and `amount` (the net amount, minor units) count in. `search`: words, of which all must begin a word of the order:
    its numbers, customer, addresses, external ids and links, its lines' ids and descriptions. An
    `itinerary_arrival_address` or `itinerary_departure_address` is the whole id, name, address line or place of one;
    it and `itinerary_travel_mode` may be repeated. `sort`: with `-` before it the largest or latest come first.
    """

    status: Several = ()
    payment_status: Several = ()
    created_at_gte: Moment | None = msgspec.field(default=None, name="created_at.gte")
    created_at_lte: Moment | None = msgspec.field(default=None, name="created_at.lte")
    updated_at_gte: Moment | None = msgspec.field(default=None, name="updated_at.gte")
    updated_at_lte: Moment | None = msgspec.field(default=None, name="updated_at.lte")
    amount_gte: Amount | None = msgspec.field(default=None, name="amount.gte")
    amount_lte: Amount | None = msgspec.field(default=None, name="amount.lte")
    order_id: Texts = ()
    search: Search = ()
    itinerary_travel_mode: Values = ()
    itinerary_arrival_address: Values = ()
    itinerary_departure_address: Values = ()
    items_discount_lines_discount_type: Texts = ()
    include_events: bool = False
    sort: Sorting = "-created_at"

    @property
    def sorted_by(self) -> Sort:
        by = self.sort.removeprefix("-")
        return Sort(by, descending=self.sort.startswith("-"), times=by != "amount")

    def selection(self, **within: str) -> Selection:
        """`within`: a column and the one value it has, as the path says."""
        for name, value in within.items():
            check_text(name, value)
        order = self.sorted_by
        return Selection(
            among=self._among() | {name: [value] for name, value in within.items()},
            least=self._bounds("gte"),
            most=self._bounds("lte"),
            labels=tuple(self._labels()),
            words=tuple(_searched(self.search)),
            sort=order.by,
            descending=order.descending,
            after=self.place(order),
        )

    def _among(self) -> dict[str, Sequence[str]]:
        among: dict[str, Sequence[str]] = {}
        if self.status:
            among["status"] = several("status", self.status, get_args(OrderStatus))
        if self.payment_status:
            among["payment_status"] = several("payment_status", self.payment_status, get_args(PaymentStatus))
        return among

    def _bounds(self, which: Literal["gte", "lte"]) -> dict[str, datetime | int]:
        check_bounds("created_at", self.created_at_gte, self.created_at_lte)
        check_bounds("updated_at", self.updated_at_gte, self.updated_at_lte)
        check_bounds("amount", self.amount_gte, self.amount_lte)
        bounds = {name: getattr(self, f"{name}_{which}") for name in ("created_at", "updated_at", "amount")}
        return {name: value for name, value in bounds.items() if value is not None}

    def _labels(self) -> Iterator[tuple[str, ...]]:
        if self.order_id:
            yield _labels("order_id", texts("order_id", self.order_id))
        types = "items_discount_lines_discount_type"
        if self.items_discount_lines_discount_type:
            yield _labels("discount_type", texts(types, self.items_discount_lines_discount_type))
        for name, kind in (
            ("itinerary_travel_mode", "travel_mode"),
            ("itinerary_arrival_address", "arrival"),
            ("itinerary_departure_address", "departure"),
        ):
            if values := getattr(self, name):
                for value in values:
                    check_text(name, value.strip(), LONGEST_VALUE)
                yield _labels(kind, values)


class StoreOrdersQuery(ListQuery, frozen=True, kw_only=True):
    """Of one store. `customer_id` may be repeated or have several values with commas between."""

    customer_id: Texts = ()

    def _among(self) -> dict[str, Sequence[str]]:
        return super()._among() | _ids("customer_id", self.customer_id)


class CustomerOrdersQuery(ListQuery, frozen=True, kw_only=True):
    """Of one customer. `store_id` may be repeated or have several values with commas between."""

    store_id: Texts = ()

    def _among(self) -> dict[str, Sequence[str]]:
        return super()._among() | _ids("store_id", self.store_id)


class OrdersQuery(StoreOrdersQuery, frozen=True, kw_only=True):
    """Of the whole account. `store_id` may be repeated or have several values with commas between."""

    store_id: Texts = ()

    def _among(self) -> dict[str, Sequence[str]]:
        return super()._among() | _ids("store_id", self.store_id)


class OrderList(msgspec.Struct, frozen=True, omit_defaults=True):
    """`paging_token` and `starting_after` are the same: the place to go on from. Neither is there on the last page."""

    orders: tuple[OrderView, ...]
    paging_token: str | None = None
    starting_after: str | None = None


def order_token(record: OrderRecord, sort: Sort) -> str:
    """The place behind this order."""
    order = record.order
    return token_of((sort_value(order, sort.by), order.id), sort)


def _ids(name: str, given: Sequence[str]) -> dict[str, Sequence[str]]:
    return {name: texts(name, given)} if given else {}


def _labels(name: str, values: Sequence[str]) -> tuple[str, ...]:
    return tuple(label(name, value) for value in values)


def _searched(search: Sequence[str]) -> Iterator[tuple[Word, ...]]:
    for text in search:
        yield from (tuple(Word(word, prefix=True) for word in group) for group in searched(text))
