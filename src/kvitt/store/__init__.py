"""The only place that names a database: commit a Change, read, list, the log, tasks."""

from kvitt.store.callbacks import CALLBACKS, CallbackNote
from kvitt.store.clocks import Clocks
from kvitt.store.deliveries import Delivery, LaneData, Owed
from kvitt.store.feed import Cursor, Entry
from kvitt.store.listing import Selection, Word
from kvitt.store.sandbox_books import Believed, Movement, NoticePlan, SandboxBooks
from kvitt.store.sandbox_faults import Counted, FaultScripts, ScriptRule
from kvitt.store.sandbox_notices import Notice, Notices
from kvitt.store.store import Store, connect
from kvitt.store.tasks import DueTask

__all__ = [
    "CALLBACKS",
    "Believed",
    "CallbackNote",
    "Clocks",
    "Counted",
    "Cursor",
    "Delivery",
    "DueTask",
    "Entry",
    "FaultScripts",
    "LaneData",
    "Movement",
    "Notice",
    "NoticePlan",
    "Notices",
    "Owed",
    "SandboxBooks",
    "ScriptRule",
    "Selection",
    "Store",
    "Word",
    "connect",
]
