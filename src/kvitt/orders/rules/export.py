"""Orders as files: tables for accountants, with a row for each order or for each line, and JSON lines for machines.

All say the same: the amounts done and left are those that the rules decide by.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import StringIO

from kvitt.core.reply import encode
from kvitt.orders.model import Item, OrderRecord
from kvitt.orders.model.parties import Customer
from kvitt.orders.model.words import customer_of
from kvitt.orders.rules.cells import Style
from kvitt.orders.rules.view import LineRemaining, remaining_of, shown

ORDER_COLUMNS = (
    "id",
    "order_id",
    "created_at",
    "updated_at",
    "status",
    "payment_status",
    "currency",
    "gross_amount",
    "discount",
    "net_amount",
    "vat_amount",
    "authorized",
    "captured",
    "refunded",
    "cancelled",
    "left_to_capture",
    "left_to_refund",
    "payment_product",
    "payment_id",
    "customer_id",
    "customer_name",
    "customer_email",
    "store_id",
    "store_name",
    "lines",
)
LINE_COLUMNS = (
    "id",
    "order_id",
    "created_at",
    "updated_at",
    "status",
    "currency",
    "line_id",
    "item_id",
    "description",
    "quantity",
    "gross_amount",
    "discount",
    "net_amount",
    "vat_amount",
    "vat_percentage",
    "authorized",
    "captured",
    "refunded",
    "cancelled",
    "left_to_capture",
    "left_to_refund",
    "reverses_line_id",
    "store_id",
    "store_name",
)


@dataclass(frozen=True)
class Format:
    """A kind of file: what it begins with, and what it says of an order. A file may end behind any order."""

    head: bytes
    rows: Callable[[OrderRecord], bytes]


def json_lines(include_events: bool = False) -> Format:
    """Each order on a line of its own, as GET answers it."""
    return Format(b"", lambda record: encode(shown(record, include_events)) + b"\n")


def table_of_orders(style: Style) -> Format:
    return _table(style, ORDER_COLUMNS, lambda record: (order_row(record, style),))


def table_of_lines(style: Style) -> Format:
    return _table(style, LINE_COLUMNS, lambda record: line_rows(record, style))


def order_row(record: OrderRecord, style: Style) -> tuple[str, ...]:
    """The cells of ORDER_COLUMNS."""
    order, done = record.order, remaining_of(record)
    customer, store, payment = order.customer, order.store, order.payment_details
    vat = sum(_vat(item) for item in order.items)
    amounts = (
        order.gross_amount, order.total_discount, order.net_amount, vat,
        done.authorized, done.captured, done.refunded, done.cancelled, done.left.capture, done.left.refund,
    )  # fmt: skip
    return (
        order.id,
        style.text(order.order_id),
        style.moment(order.created_at),
        style.moment(order.updated_at),
        order.status,
        order.payment_status,
        order.currency,
        *(style.amount(amount, order.currency) for amount in amounts),
        style.text(payment.payment_product if payment is not None else None),
        style.text(payment.payment_id if payment is not None else None),
        style.text(customer_of(order)),
        style.text(_name(customer) if customer is not None else None),
        style.text(customer.email if customer is not None else None),
        style.text(store.id if store is not None else None),
        style.text(store.name if store is not None else None),
        str(len(order.items)),
    )


def line_rows(record: OrderRecord, style: Style) -> Iterable[tuple[str, ...]]:
    """The cells of LINE_COLUMNS, for each line."""
    done = {line.line_id: line for line in remaining_of(record).items}
    for item in record.order.items:
        yield _line_row(record, item, done[item.line_id], style)


def _line_row(record: OrderRecord, item: Item, done: LineRemaining, style: Style) -> tuple[str, ...]:
    order, store = record.order, item.store or record.order.store
    bought = (item.gross_amount, item.gross_amount - item.net, item.net, _vat(item))
    moved = (done.authorized, done.captured, done.refunded, done.cancelled, done.left.capture, done.left.refund)
    return (
        order.id,
        style.text(order.order_id),
        style.moment(order.created_at),
        style.moment(order.updated_at),
        order.status,
        order.currency,
        str(item.line_id),
        style.text(item.id),
        style.text(item.description),
        style.number(item.quantity) if item.quantity is not None else "",
        *(style.amount(amount, order.currency) for amount in bought),
        " and ".join(style.number(tax.percentage) for tax in item.tax_lines),
        *(style.amount(amount, order.currency) for amount in moved),
        str(item.related_item.line_id) if item.related_item is not None else "",
        style.text(store.id if store is not None else None),
        style.text(store.name if store is not None else None),
    )


def _vat(item: Item) -> int:
    return sum(tax.amount for tax in item.tax_lines)


def _name(customer: Customer) -> str | None:
    person = " ".join(name for name in (customer.first_name, customer.last_name) if name)
    company = customer.company
    return person or (company and (company.business_name or company.bussiness_name)) or None


def _table(style: Style, columns: tuple[str, ...], rows: Callable[[OrderRecord], Iterable[tuple[str, ...]]]) -> Format:
    """CSV as RFC 4180 has it, in UTF-8."""

    def written(rows: Iterable[tuple[str, ...]]) -> bytes:
        text = StringIO()
        csv.writer(text, delimiter=style.delimiter, lineterminator="\r\n").writerows(rows)
        return text.getvalue().encode()

    head = written([columns])
    return Format(b"\xef\xbb\xbf" + head if style.bom else head, lambda record: written(rows(record)))
