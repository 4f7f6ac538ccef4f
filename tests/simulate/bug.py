"""What a planted bug is: something that stands where something else stood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

Patch = tuple[Any, str, Any]
"""Where, the name there, and what it names instead."""


@dataclass(frozen=True)
class Bug:
    """`what` it does. `patches`: what stands where instead."""

    what: str
    patches: Callable[[], list[Patch]]


def real(owner: Any, name: str) -> Any:
    """What stands there now."""
    return getattr(owner, name)


def replace(value: Any, **changes: Any) -> Any:
    return msgspec.structs.replace(value, **changes)
