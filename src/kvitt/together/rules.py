"""A checkout session made of an order's own lines, and what the order keeps of it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TypeVar

import msgspec
from msgspec.structs import asdict

from kvitt.checkout.model.order import Address, Number, OrderStore, SessionOrder, Split, StoreAddress
from kvitt.checkout.model.order import Item as SessionLine
from kvitt.checkout.model.session import Customer, Session, SessionOptions
from kvitt.core.change import Change
from kvitt.core.errors import InvalidRequest, problem
from kvitt.core.money import MAX_AMOUNT, nearest
from kvitt.orders.model import Customer as OrderCustomer
from kvitt.orders.model import Item, Order
from kvitt.orders.model import Store as Shop
from kvitt.orders.model.sessions import OrderSession, SessionItem, SessionLink
from kvitt.together.model import OrderSessionRequest

LINK = "session_link"
MAX_SIZE = 1_000_000
"""Characters of a checkout session's JSON: what a shop may send of one itself. Its transaction repeats it."""

S = TypeVar("S", bound=msgspec.Struct)


class NothingToPay(InvalidRequest):
    """The items come to nothing, or to less."""


class SessionTooLarge(InvalidRequest):
    """The items come to more than can be paid at once, or are more than a session can hold."""


def session_options(order: Order, items: tuple[SessionItem, ...], request: OrderSessionRequest) -> SessionOptions:
    """The session to be created: its reference is the order's `order_id`, its lines are those of the order."""
    amount = sum(item.amount for item in items)
    if amount <= 0:
        message = f"the items come to {amount}: a session is for an amount of more than 0"
        raise NothingToPay(message, problem(message, "items", requested=amount))
    if amount > MAX_AMOUNT:
        message = f"the items come to {amount}: a session is for at most {MAX_AMOUNT}"
        raise SessionTooLarge(message, problem(message, "items", requested=amount))
    known = {str(line.line_id): line for line in order.items}
    lines = tuple(_line(known[item.line_id], item) for item in items)
    taxes = [line.vat_amount for line in lines if line.vat_amount is not None]
    _refuse_more_tax(taxes)
    return SessionOptions(
        url=request.url,
        profile_id=request.profile_id,
        express=request.express,
        customer=_customer(order.customer) if order.customer is not None else None,
        order=SessionOrder(
            amount=amount,
            currency=order.currency,
            merchant_reference=order.order_id,
            vat_amount=sum(taxes) if taxes else None,
            items=lines,
            shipping_address=_alike(Address, order.shipping_address) if order.shipping_address is not None else None,
            billing_address=_alike(Address, order.billing_address) if order.billing_address is not None else None,
            store=_store(order.store) if order.store is not None else None,
        ),
    )


def order_session(
    session: Session, items: tuple[SessionItem, ...], request: OrderSessionRequest, *, url: str, by: str
) -> OrderSession:
    """What the order keeps of the checkout session, and is answered. `url`: where the customer pays."""
    return OrderSession(
        id=session.id,
        items=items,
        amount=session.order.amount,
        created_at=session.created_at,
        created_by=by,
        url=url,
        processed_at=request.processed_at,
        metadata=request.metadata,
        links=(SessionLink(href=url, rel=LINK),),
    )


def refuse_larger(made: Change) -> None:
    """SessionTooLarge when the checkout's half of the session is too large."""
    if sum(len(put.doc) for put in made.puts) > MAX_SIZE:
        message = f"a session takes at most {MAX_SIZE // 1_000_000} MB of JSON: name fewer lines"
        raise SessionTooLarge(message, problem(message, "items"))


def _refuse_more_tax(taxes: Sequence[int]) -> None:
    """The sum of a line's tax lines, and that of the lines', may be more than a session can be read back with."""
    for tax in (*taxes, sum(taxes)):
        if abs(tax) > MAX_AMOUNT:
            message = f"the taxes of the items come to {tax}: a session is for at most {MAX_AMOUNT}"
            raise SessionTooLarge(message, problem(message, "items", requested=tax))


def _line(line: Item, item: SessionItem) -> SessionLine:
    """`amount` may be a part of what the line costs; its tax is that part of the line's tax."""
    taxes = [tax for tax in line.tax_lines if tax.included_in_price is not False]
    percentages = {tax.percentage for tax in taxes}
    return SessionLine(
        id=line.id,
        line_id=item.line_id,
        description=line.description if line.description is not None else line.description_alias,
        quantity=_number(line.quantity) if line.quantity is not None else 1,
        amount=item.amount,
        vat=_number(percentages.pop()) if len(percentages) == 1 else None,
        vat_amount=_part(sum(tax.amount for tax in taxes), item.amount, line.net) if taxes else None,
        splits=tuple(Split(**asdict(split)) for split in item.splits) if item.splits is not None else None,
        store=_store(line.store) if line.store is not None else None,
    )


def _part(tax: int, amount: int, whole: int) -> int:
    """The tax of `amount`, which is a part of `whole`."""
    return tax if amount == whole else nearest(tax * amount, whole)


def _number(value: Decimal) -> Number:
    return int(value) if value == value.to_integral_value() else float(value)


def _customer(customer: OrderCustomer) -> Customer:
    return Customer(customer.customer_id or customer.id, customer.email, customer.phone_number)


def _store(store: Shop) -> OrderStore:
    address = _alike(StoreAddress, store.address) if store.address is not None else None
    return msgspec.structs.replace(_alike(OrderStore, store), address=address)


def _alike(kind: type[S], source: msgspec.Struct) -> S:
    """The same members, as far as both have them."""
    return kind(**{name: getattr(source, name) for name in kind.__struct_fields__ if hasattr(source, name)})
