"""What a draft may say, and what it comes to: every fault is found, each with the path where it stands."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from decimal import Decimal

from msgspec.structs import asdict, replace

from kvitt.core.errors import Problem, problem
from kvitt.core.money import is_currency
from kvitt.orders.model import Draft, DraftOptions, DraftOrder, DraftRecord, Item, OrderContent, Store
from kvitt.orders.rules.options import option_faults, refuse_unsupported
from kvitt.orders.rules.refusals import InvalidDraft, refuse_if
from kvitt.orders.rules.totals import totals

MAX_QUANTITY = Decimal(1_000_000_000)
MAX_PERCENTAGE = Decimal(1_000)


def new_draft(
    content: OrderContent,
    options: DraftOptions | None,
    store: Store | None,
    *,
    id: str,
    now: datetime,
    by: str,
    reserved_number: str | None = None,
) -> DraftRecord:
    """An open draft with its totals. `reserved_number` is the order number that is taken for it already."""
    check(content, options)
    order = priced(content, version=1)
    if reserved_number is not None:
        order = replace(order, order_id=reserved_number)
    draft = Draft(
        id=id,
        status="open",
        version=1,
        created_at=now,
        created_by=by,
        updated_at=now,
        order=order,
        options=options,
        store=store,
    )
    return DraftRecord(draft=draft)


def check(content: OrderContent, options: DraftOptions | None) -> None:
    """Raises InvalidDraft with all faults that show without knowing any other document; UnsupportedOption first."""
    if options is not None:
        refuse_unsupported(options)
    faults = option_faults(content.order_id, options)
    if not is_currency(content.currency):
        faults.append(problem(f"{content.currency!r} is no ISO 4217 currency", "order.currency"))
    times = Counter(item.line_id for item in content.items)
    for index, item in enumerate(content.items):
        path = f"order.items.{index}"
        if times[item.line_id] > 1:
            faults.append(_twice(item.line_id, path))
        faults += _amount_faults(item, path)
        faults += _tax_faults(item, path)
        if item.quantity is not None and not 0 < item.quantity <= MAX_QUANTITY:
            faults.append(problem(f"quantity must be more than 0 and at most {MAX_QUANTITY}", f"{path}.quantity"))
    refuse_if(faults, InvalidDraft)


def priced(content: OrderContent, version: int) -> DraftOrder:
    """The content with the amounts that follow from it. `version`: the document's, when its lines come into it."""
    items = tuple(stamped(item, version) for item in content.items)
    members = {name: getattr(content, name) for name in OrderContent.__struct_fields__ if name != "items"}
    return DraftOrder(**members, items=items, **asdict(totals(items)))


def stamped(item: Item, version: int) -> Item:
    return replace(item, net_amount=item.net, quantity=item.quantity or Decimal(1), version=version)


def _amount_faults(item: Item, path: str) -> list[Problem]:
    gross, net = item.gross_amount, item.net
    faults = []
    if gross < 0 and not item.is_reversal:
        message = f"gross_amount {gross} is negative; only a reversal line (reversed_reason, related_item) may be"
        faults.append(problem(message, f"{path}.gross_amount"))
    for index, discount in enumerate(item.discount_lines or ()):
        if not _is_part(discount.amount, gross):
            message = f"a discount of {discount.amount} cannot be part of a gross_amount of {gross}"
            faults.append(problem(message, f"{path}.discount_lines.{index}.amount"))
        if not _is_percentage(discount.percentage):
            faults.append(_bad_percentage(f"{path}.discount_lines.{index}.percentage"))
    if not faults and not _is_part(net, gross):
        where = "discount_lines" if item.net_amount is None else "net_amount"
        message = f"net_amount {net} must be between 0 and gross_amount {gross}"
        faults.append(problem(message, f"{path}.{where}"))
    return faults


def _tax_faults(item: Item, path: str) -> list[Problem]:
    """Tax is kept as the caller computed it; only one of the other sign is refused."""
    faults = []
    for index, tax in enumerate(item.tax_lines):
        if tax.amount * item.gross_amount < 0:
            message = f"a tax of {tax.amount} has another sign than the gross_amount {item.gross_amount}"
            faults.append(problem(message, f"{path}.tax_lines.{index}.amount"))
        if not _is_percentage(tax.percentage):
            faults.append(_bad_percentage(f"{path}.tax_lines.{index}.percentage"))
    return faults


def _is_part(amount: int, whole: int) -> bool:
    """Between nothing and the whole, whichever sign the whole has."""
    return 0 <= amount <= whole or whole <= amount <= 0


def _is_percentage(percentage: Decimal | None) -> bool:
    return percentage is None or 0 <= percentage <= MAX_PERCENTAGE


def _bad_percentage(path: str) -> Problem:
    return problem(f"percentage must be between 0 and {MAX_PERCENTAGE}", path)


def _twice(line_id: int, path: str) -> Problem:
    return problem(f"line_id {line_id} is used by several lines", f"{path}.line_id", line_id=line_id)
