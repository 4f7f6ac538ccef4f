"""What all flows of the order service work with."""

from __future__ import annotations

from dataclasses import dataclass, field

from kvitt.core.clock import Clock
from kvitt.orders.flows.serials import Serials
from kvitt.store import Store


@dataclass(frozen=True)
class Desk:
    store: Store
    clock: Clock
    serials: Serials = field(default_factory=Serials)
