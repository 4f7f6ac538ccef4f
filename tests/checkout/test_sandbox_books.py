"""The sandbox and the store's books know one another's movements by shape alone."""

from __future__ import annotations

import msgspec
import pytest

from kvitt.checkout.providers import sandbox
from kvitt.store import Movement, NoticePlan


@pytest.mark.parametrize(("spoken", "written"), [(sandbox.Movement, Movement), (sandbox.NoticePlan, NoticePlan)])
def test_it_has_the_same_members_in_the_same_order_on_both_sides(
    spoken: type[msgspec.Struct], written: type[msgspec.Struct]
) -> None:
    assert [(f.name, f.type, f.default) for f in msgspec.structs.fields(spoken)] == [
        (f.name, f.type, f.default) for f in msgspec.structs.fields(written)
    ]
