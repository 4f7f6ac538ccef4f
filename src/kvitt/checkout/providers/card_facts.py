"""What an acquirer tells of a card payment beside the money: its own numbers, and whose card it is.

Every answer about one movement tells the same, so all of it follows from the movement.
"""

from __future__ import annotations

from datetime import datetime
from uuid import NAMESPACE_URL, uuid5
from zlib import crc32

import msgspec

from kvitt.checkout.model.transaction import Card

TERMINAL = "KVITT001"
_STANS = 1_000_000
"""A system trace audit number has six digits."""


def with_facts(card: Card | None, attempt_id: str, at: datetime) -> Card | None:
    """`card`: what follows from how it behaves; None when no card was used, or nothing is told of it."""
    if card is None:
        return None
    verified = card.acquirer_transaction_type == "3DSECURE"
    return msgspec.structs.replace(
        card, region="domestic", country="NO", product_platform="consumer", issuing_bank="Sandbox Bank",
        acquirer_stan=f"{crc32(attempt_id.encode()) % _STANS:06}", acquirer_terminal_id=TERMINAL,
        acquirer_transaction_time=at, three_ds_version="2.2.0" if verified else None,
        three_ds_server_trans_id=str(uuid5(NAMESPACE_URL, attempt_id)) if verified else None,
    )  # fmt: skip
