"""What a draft's options may say together, and which of them are known but not supported."""

from __future__ import annotations

from enum import Enum

from kvitt.core.errors import Problem, problem
from kvitt.orders.model import DraftOptions
from kvitt.orders.rules.refusals import UnsupportedOption, refuse_if

UNSUPPORTED = ("replace", "order_time_to_live", "payout", "serial_order_number_suffix")
"""Ignoring one of these would make another order than the one that was asked for, so they are refused."""


class Numbering(Enum):
    """Where an order's number comes from."""

    ITS_OWN_ID = "its own id"
    CALLER = "the caller"
    ON_COMPLETION = "taken on completion"
    RESERVED = "taken when the draft is made"
    EXISTING_ORDER = "the order that the lines are added to"


def numbering(order_id: str | None, options: DraftOptions | None) -> Numbering:
    """`order_id` is the draft's `order.order_id`. An existing order keeps its number, whatever else is asked for."""
    if options is not None and options.order_id is not None:
        return Numbering.EXISTING_ORDER
    generate = options.generate_order_id if options is not None else None
    if generate is not None:
        return Numbering.ON_COMPLETION if generate == "ALPHANUMERIC_9" else Numbering.RESERVED
    return Numbering.ITS_OWN_ID if order_id is None else Numbering.CALLER


def refuse_unsupported(options: DraftOptions) -> None:
    asked = [name for name in UNSUPPORTED if getattr(options, name) not in (None, False)]
    faults = [problem(f"this version does not support options.{name}", f"options.{name}") for name in asked]
    if options.split_draft:
        faults.append(problem("this version does not split drafts into several orders", "options.split_draft"))
    refuse_if(faults, UnsupportedOption)


def option_faults(order_id: str | None, options: DraftOptions | None) -> list[Problem]:
    """A number of the caller's own needs split_draft False, and excludes the other ways to a number."""
    if order_id is None:
        return []
    faults = []
    if order_id != order_id.strip() or not order_id.isprintable():
        message = "order_id must not begin or end with a space, and holds printable characters only"
        faults.append(problem(message, "order.order_id"))
    if options is not None and options.order_id is not None:
        message = "order.order_id names a new order, options.order_id an existing one: give one of them"
        faults.append(problem(message, "order.order_id"))
    elif options is not None and options.generate_order_id is not None:
        message = "order.order_id is given, so none can be generated: leave out one of them"
        faults.append(problem(message, "options.generate_order_id"))
    elif options is None or options.split_draft is not False:
        message = "an order.order_id of your own needs options.split_draft false"
        faults.append(problem(message, "options.split_draft"))
    return faults
