"""Lists of transactions and of sessions: what may be asked of them. Every fault names its parameter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from kvitt.checkout.model.listing import LONGEST_VALUE, brand_label
from kvitt.checkout.model.products import PAYMENT_PRODUCT_TYPES, PAYMENT_PRODUCTS
from kvitt.checkout.model.transaction import Status
from kvitt.core.ids import account_of
from kvitt.core.money import Amount, is_currency
from kvitt.core.paging import LONGEST_SEARCH, Several, Texts, check_bounds, check_text, fault, searched, several, texts
from kvitt.core.words import labelled
from kvitt.store import Selection, Word

MOST_VALUES = 100

Value = Annotated[str, Meta(max_length=LONGEST_VALUE)]
Values = Annotated[tuple[Value, ...], Meta(max_length=MOST_VALUES)]
"""A parameter that may be repeated; a comma stays in the value."""
Group = tuple[str, ...]
"""Labels of which one is enough."""
Time = Annotated[datetime, Meta(description="ISO 8601; without an offset it is UTC")]
Operation = Literal["unscheduled_purchase", "recurring_purchase", "invoice_purchase", "generate_payment_token"]
Bounds = dict[str, tuple[datetime | int | None, datetime | int | None]]
"""By column, what it must have at least and at most."""

_TIMES = ("created_at", "captured_at", "refunded_at")
_CLOSED = {"payment_product": PAYMENT_PRODUCTS, "payment_product_type": PAYMENT_PRODUCT_TYPES}
_OF_ONE = (
    "merchant_reference", "merchant_reference_2", "customer_id", "payment_operation", "payout_destination_id",
    "terminal_id", "channel",
)  # fmt: skip


class _Listed(Struct, frozen=True, kw_only=True):
    """`starting_after`: the id of the last object of the page before."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 10
    starting_after: Annotated[str, Meta(max_length=100)] | None = None
    created_at_gte: Time | None = msgspec.field(default=None, name="created_at.gte")
    created_at_lte: Time | None = msgspec.field(default=None, name="created_at.lte")
    search: Annotated[str, Meta(max_length=LONGEST_SEARCH)] | None = None

    def selection(self) -> Selection:
        """Raises InvalidRequest for what nothing could be found by."""
        bounds = self._bounds()
        for name, (least, most) in bounds.items():
            check_bounds(name, least, most)
        return Selection(
            among=self._among(),
            least={name: least for name, (least, _) in bounds.items() if least is not None},
            most={name: most for name, (_, most) in bounds.items() if most is not None},
            labels=(*self._labels(), *self._searched_id()),
            words=tuple(self._searched_words()),
        )

    def _among(self) -> dict[str, Sequence[str]]:
        return {}

    def _bounds(self) -> Bounds:
        return {"created_at": (_utc(self.created_at_gte), _utc(self.created_at_lte))}

    def _labels(self) -> Iterator[Group]:
        raise NotImplementedError

    def _searched_id(self) -> Iterator[Group]:
        """A search that is an id is for that alone: parts of it are what many others have too."""
        if self.search is not None and account_of(text := self.search.strip()) is not None:
            names = ("id", "session_id", "transaction_id", "token_id", "merchant_reference", "merchant_reference_2")
            yield tuple(labelled(name, text) for name in names)

    def _searched_words(self) -> Iterator[tuple[Word, ...]]:
        if self.search is not None and account_of(self.search.strip()) is None:
            _check("search", [self.search.strip()])
            yield from (tuple(Word(word, prefix=True) for word in group) for group in searched(self.search))


class SessionsQuery(_Listed, frozen=True, kw_only=True):
    """Which sessions.

    `search`: words, of which all must begin a word of the session: a reference, the customer's name, email address,
    telephone number; or its whole id. `transaction_id` may be repeated.
    """

    transaction_id: Texts = ()

    def _labels(self) -> Iterator[Group]:
        yield from _ids("transaction_id", self.transaction_id)


class TransactionsQuery(_Listed, frozen=True, kw_only=True):
    """Which transactions.

    What may be repeated may also be spelled with brackets (`id[]=A&id[]=B`) and, but for `store_id`, have several
    values with commas between: one of them is enough. Bounds count in. `captured_at` and `refunded_at`: when money was
    last captured and refunded. `search`: words, of which all must begin a word of the transaction: a reference, the
    customer's name, email address, telephone number, a token's id; or the whole id of it or of its session.
    """

    id: Texts = ()
    session_id: Texts = ()
    store_id: Values = ()
    token_id: Texts = ()
    currency: Several = ()
    status: Several = ()
    payment_product: Several = ()
    payment_product_type: Several = ()
    card_brand: Texts = ()
    payout_correlation_id: Texts = ()
    merchant_reference: Value | None = None
    merchant_reference_2: Value | None = None
    customer_id: Value | None = None
    payment_operation: Operation | None = None
    payout_destination_id: Value | None = None
    terminal_id: Value | None = None
    channel: Literal["ecommerce", "in_app", "in_store"] | None = None
    amount: Amount | None = None
    amount_gte: Amount | None = msgspec.field(default=None, name="amount.gte")
    amount_lte: Amount | None = msgspec.field(default=None, name="amount.lte")
    captured_at_gte: Time | None = msgspec.field(default=None, name="captured_at.gte")
    captured_at_lte: Time | None = msgspec.field(default=None, name="captured_at.lte")
    refunded_at_gte: Time | None = msgspec.field(default=None, name="refunded_at.gte")
    refunded_at_lte: Time | None = msgspec.field(default=None, name="refunded_at.lte")
    includes: tuple[Literal["events.success.true"], ...] = ()

    def selection(self) -> Selection:
        """Nothing is captured or refunded before it is made: with a bound on that, the walk begins no later."""
        selection = super().selection()
        until = [selection.most[name] for name in _TIMES if name in selection.most]
        return replace(selection, most={**selection.most, "created_at": min(until)}) if until else selection

    def _among(self) -> dict[str, Sequence[str]]:
        return {"status": several("status", self.status, get_args(Status))} if self.status else {}

    def _bounds(self) -> Bounds:
        return super()._bounds() | {
            "captured_at": (_utc(self.captured_at_gte), _utc(self.captured_at_lte)),
            "refunded_at": (_utc(self.refunded_at_gte), _utc(self.refunded_at_lte)),
            "amount": self._amounts(),
        }

    def _amounts(self) -> tuple[int | None, int | None]:
        exact, least, most = self.amount, self.amount_gte, self.amount_lte
        if exact is None:
            return least, most
        if (least is not None and exact < least) or (most is not None and exact > most):
            raise fault(f"amount: {exact} does not lie between amount.gte and amount.lte")
        return exact, exact

    def _labels(self) -> Iterator[Group]:
        yield from _ids("id", self.id)
        yield from _ids("session_id", self.session_id)
        yield from _exactly("store_id", _check("store_id", self.store_id))
        yield from _exactly("token_id", _parts("token_id", self.token_id))
        yield from _exactly("currency", _currencies(self.currency))
        for name, known in _CLOSED.items():
            given = getattr(self, name)
            yield from _exactly(name, several(name, given, known) if given else ())
        if self.card_brand:
            yield tuple(map(brand_label, _parts("card_brand", self.card_brand)))
        yield from _exactly("payout_correlation_id", _parts("payout_correlation_id", self.payout_correlation_id))
        for name in _OF_ONE:
            value = getattr(self, name)
            yield from _exactly(name, _check(name, () if value is None else (value,)))


def _ids(name: str, given: Sequence[str]) -> Iterator[Group]:
    """Of transactions or sessions. Whether another account has one of them is not told."""
    values = _parts(name, given)
    for value in values:
        if account_of(value) is None:
            raise fault(f"{name}: {value!r} is no such id")
    yield from _exactly(name, values)


def _currencies(given: Sequence[str]) -> Sequence[str]:
    values = _parts("currency", given)
    for value in values:
        if not is_currency(value):
            raise fault(f"currency: {value!r} is no currency of ISO 4217")
    return values


def _exactly(name: str, values: Iterable[str]) -> Iterator[Group]:
    if group := tuple(labelled(name, value) for value in values):
        yield group


def _parts(name: str, given: Sequence[str]) -> Sequence[str]:
    """One by one, where several may stand in one with commas between."""
    return _check(name, texts(name, given)) if given else ()


def _check(name: str, values: Sequence[str]) -> Sequence[str]:
    for value in values:
        check_text(name, value, LONGEST_VALUE)
    return values


def _utc(value: datetime | None) -> datetime | None:
    return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value
