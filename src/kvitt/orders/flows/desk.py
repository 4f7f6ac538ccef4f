"""What all flows of the order service work with."""

from __future__ import annotations

from dataclasses import dataclass

from kvitt.core.clock import Clock
from kvitt.store import Store


@dataclass(frozen=True)
class Desk:
    store: Store
    clock: Clock
