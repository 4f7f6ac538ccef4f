"""Orders that are made without a draft: what a draft's options mean to them."""

from __future__ import annotations

from msgspec.structs import replace

from kvitt.core.errors import problem
from kvitt.orders.model import DraftOptions, OrderRecord
from kvitt.orders.rules.refusals import NeedsDraft, refuse_if

_NEED_A_DRAFT = {
    "order_id": "adding to an existing order",
    "replace": "replacing an order",
}


def direct_options(options: DraftOptions | None) -> DraftOptions | None:
    """The options as a draft has them that is completed at once. NeedsDraft for those that only a draft can have."""
    if options is None:
        return None
    faults = [
        problem(f"{what} needs a draft: make one with options.{name}, and complete it", f"options.{name}")
        for name, what in _NEED_A_DRAFT.items()
        if getattr(options, name) is not None
    ]
    if options.split_draft:
        message = "one order is made here: several, one a store, need a draft with options.split_draft"
        faults.append(problem(message, "options.split_draft"))
    refuse_if(faults, NeedsDraft)
    if options.generate_order_id == "ALPHANUMERIC_9_RESERVE":  # nothing to reserve it for: it is taken at once
        return replace(options, generate_order_id="ALPHANUMERIC_9")
    return options


def without_draft(made: OrderRecord) -> OrderRecord:
    return replace(made, draft_ids=())
