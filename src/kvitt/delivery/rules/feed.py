"""Which events a reader of the feed asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Wanted = Callable[[str], bool]
"""Whether events of this type are asked for."""

TYPE_PATTERN = r"^[a-z][a-z_]*\.([a-z][a-z_]*|\*)\Z"
"""A type, `order.created`, or all of one kind of object, `order.*`."""


def _everything(type: str) -> bool:
    return True


def wanted(types: Sequence[str]) -> Wanted:
    """Any of these types, or every one when none is named."""
    if not types:
        return _everything
    exact = frozenset(type for type in types if not type.endswith(".*"))
    starts = tuple(type.removesuffix("*") for type in types if type.endswith(".*"))
    return lambda type: type in exact or type.startswith(starts)
