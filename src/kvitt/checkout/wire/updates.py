"""What a shop says when it updates a session."""

from __future__ import annotations

from msgspec import Struct


class UpdateQuery(Struct, frozen=True):
    """`update_without_lock`: no page shows the session yet. `force_shipping_address_callback`: the shop is asked for
    its shipping although the update names it."""

    update_without_lock: bool = False
    force_shipping_address_callback: bool = False
