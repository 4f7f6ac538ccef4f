"""Timers and deliveries: takes what is due and does it. Run as many workers as you like."""

from kvitt.worker.lanes import Limits
from kvitt.worker.loop import Worker
from kvitt.worker.sealer import Sealer

__all__ = ["Limits", "Sealer", "Worker"]
