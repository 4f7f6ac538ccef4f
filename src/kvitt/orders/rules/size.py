"""How large a draft or an order may become: it is read, changed and answered whole, and everybody waits meanwhile.

What makes an order larger stops first, so that there is room left for the operations that move its money. Cancelling,
closing, opening and taking comments away are never refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from kvitt.core.change import Put, encode_text
from kvitt.orders.model import Draft, OrderRecord
from kvitt.orders.rules.refusals import DraftFull, OrderFull

MAX_SIZE = 6_000_000
"""Characters of the JSON that is kept. Ten thousand lines with all that is usually said of them take half of it."""
MAX_SIZE_WITH_OPERATIONS = 2 * MAX_SIZE


def refuse_larger(put: Put, most: int = MAX_SIZE) -> None:
    """OrderFull when the order has more than `most` characters."""
    if len(put.doc) > most:
        raise OrderFull(f"an order takes at most {most // 1_000_000} MB of JSON, with all that happened to it")


def refuse_larger_draft(put: Put, draft: Draft, most: int = MAX_SIZE) -> None:
    """DraftFull when the draft has more than `most` characters.

    Its events do not count: taking a line away brings one, and is not to be refused for it.
    """
    if len(put.doc) > most and len(put.doc) - len(encode_text(draft.events)) > most:
        raise DraftFull(f"a draft takes at most {most // 1_000_000} MB of JSON")


def refuse_more(orders: Sequence[OrderRecord]) -> None:
    """DraftFull when the orders of a split draft, each with all that the draft says, come to too much together."""
    if len(orders) > 1 and sum(len(encode_text(order)) for order in orders) > MAX_SIZE_WITH_OPERATIONS:
        most = MAX_SIZE_WITH_OPERATIONS // 1_000_000
        raise DraftFull(f"the {len(orders)} orders of the draft would be more than {most} MB of JSON together")
