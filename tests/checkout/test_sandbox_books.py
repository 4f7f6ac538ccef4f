"""The sandbox and the store's books know one another's movements by shape alone."""

from __future__ import annotations

import msgspec

from kvitt.checkout.providers.sandbox import Movement as Spoken
from kvitt.store import Movement as Written


def test_a_movement_has_the_same_members_in_the_same_order_on_both_sides() -> None:
    assert [(f.name, f.type, f.default) for f in msgspec.structs.fields(Spoken)] == [
        (f.name, f.type, f.default) for f in msgspec.structs.fields(Written)
    ]
