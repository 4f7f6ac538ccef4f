"""One draft, many orders: with `split_draft` true there is one order for each store that the lines name.

A line without a store of its own belongs to the order's, or else the draft's; lines without any store stay together.
All other members (customer, addresses, external ids and so on) go with every order as they stand.
"""

from __future__ import annotations

import msgspec

from kvitt.core.errors import problem
from kvitt.orders.model import MAX_SPLIT, Draft, Item, Store
from kvitt.orders.rules.options import splits
from kvitt.orders.rules.refusals import InvalidDraft, refuse_if


class Share(msgspec.Struct, frozen=True):
    """What one order gets."""

    items: tuple[Item, ...]
    store: Store | None


def shares(draft: Draft) -> tuple[Share, ...]:
    """At least one, in the order in which the stores come up. Raises InvalidDraft when it cannot be split so."""
    seller = draft.order.store or draft.store
    if not splits(draft.options):
        return (Share(draft.order.items, seller),)
    lines: dict[str | None, list[Item]] = {}
    stores: dict[str | None, Store | None] = {}
    for item in draft.order.items:
        store = item.store or seller
        id = store.id if store is not None else None
        lines.setdefault(id, []).append(item)
        stores.setdefault(id, store)
    if len(lines) > MAX_SPLIT:
        message = f"the items name {len(lines)} stores: a draft becomes at most {MAX_SPLIT} orders"
        raise InvalidDraft(message, problem(message, "order.items"))
    _refuse_torn(draft.order.items, lines)
    return tuple(Share(tuple(items), stores[id]) for id, items in lines.items()) or (Share((), seller),)


def _refuse_torn(items: tuple[Item, ...], lines: dict[str | None, list[Item]]) -> None:
    """A line that takes another one back stands on the same order as that."""
    at = {item.line_id: id for id, group in lines.items() for item in group}
    faults = []
    for index, item in enumerate(items):
        target = item.related_item.line_id if item.related_item is not None else item.line_id
        if target in at and at[target] != at[item.line_id]:
            message = f"line {item.line_id} takes back line {target}, which goes to the order of another store"
            faults.append(problem(message, f"order.items.{index}.related_item.line_id", line_id=target))
    refuse_if(faults, InvalidDraft)
