"""What a draft's options may say together."""

from __future__ import annotations

import re
from enum import Enum

from kvitt.core.errors import Problem, problem
from kvitt.orders.model import DraftOptions

_SUFFIX = re.compile(r"(?!\d)[\w./-]+")


class Numbering(Enum):
    """Where an order's number comes from."""

    ITS_OWN_ID = "its own id"
    CALLER = "the caller"
    ON_COMPLETION = "taken on completion"
    RESERVED = "taken when the draft is made"
    SERIAL = "the next of a series, taken on completion"
    EXISTING_ORDER = "the order that the lines are added to, or that they replace"


def numbering(order_id: str | None, options: DraftOptions | None) -> Numbering:
    """`order_id` is the draft's `order.order_id`. An existing order keeps its number, whatever else is asked for."""
    if options is not None and options.order_id is not None:
        return Numbering.EXISTING_ORDER
    if options is not None and options.serial_order_number_suffix is not None:
        return Numbering.SERIAL
    generate = options.generate_order_id if options is not None else None
    if generate is not None:
        return Numbering.ON_COMPLETION if generate == "ALPHANUMERIC_9" else Numbering.RESERVED
    return Numbering.ITS_OWN_ID if order_id is None else Numbering.CALLER


def replaces(options: DraftOptions | None) -> bool:
    return options is not None and options.replace is not None


def splits(options: DraftOptions | None) -> bool:
    return options is not None and options.split_draft is True


def option_faults(order_id: str | None, options: DraftOptions | None) -> list[Problem]:
    """Members that contradict each other. `order_id` is the number that the caller gave."""
    return _number_faults(order_id, options) + (_faults_between(options) if options is not None else [])


def _number_faults(order_id: str | None, options: DraftOptions | None) -> list[Problem]:
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
    elif options is not None and options.serial_order_number_suffix is not None:
        message = "order.order_id is given, so it cannot be the next of a series: leave out one of them"
        faults.append(problem(message, "options.serial_order_number_suffix"))
    elif options is None or options.split_draft is not False:
        message = "an order.order_id of your own needs options.split_draft false"
        faults.append(problem(message, "options.split_draft"))
    return faults


def _faults_between(options: DraftOptions) -> list[Problem]:
    faults = []
    existing, suffix = options.order_id is not None, options.serial_order_number_suffix
    if options.replace is not None and not existing:
        message = "options.replace needs options.order_id: the order that is replaced"
        faults.append(problem(message, "options.replace"))
    if options.split_draft is True and existing:
        message = "lines of an existing order cannot be split into several: leave out options.split_draft"
        faults.append(problem(message, "options.split_draft"))
    if options.split_draft is True and options.generate_order_id == "ALPHANUMERIC_9_RESERVE":
        message = "one number cannot be reserved for several orders: use ALPHANUMERIC_9, or no options.split_draft"
        faults.append(problem(message, "options.generate_order_id"))
    if options.order_time_to_live is not None and existing:
        message = "an existing order keeps its own time to live: leave out options.order_time_to_live"
        faults.append(problem(message, "options.order_time_to_live"))
    if suffix is not None and not _SUFFIX.fullmatch(suffix):
        message = "the suffix holds letters, digits and . _ / -, and does not begin with a digit"
        faults.append(problem(message, "options.serial_order_number_suffix"))
    if suffix is not None and existing:
        message = "an existing order keeps its number: leave out options.serial_order_number_suffix"
        faults.append(problem(message, "options.serial_order_number_suffix"))
    elif suffix is not None and options.generate_order_id is not None:
        message = "the number is the next of a series, so none can be generated: leave out one of them"
        faults.append(problem(message, "options.generate_order_id"))
    return faults
