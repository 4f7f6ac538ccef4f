"""The only place that names a database: commit a Change, read, list, the log, tasks."""

from kvitt.store.deliveries import Delivery, LaneData, Owed
from kvitt.store.feed import Cursor, Entry
from kvitt.store.sandbox_books import Movement, SandboxBooks
from kvitt.store.store import Store, connect
from kvitt.store.tasks import DueTask

__all__ = ["Cursor", "Delivery", "DueTask", "Entry", "LaneData", "Movement", "Owed", "SandboxBooks", "Store", "connect"]
