"""One way to write: a Change is a value, made by a pure rule and committed by the store, all or nothing.

A Change says what rows become (`puts`), what may exist only once (`claims`), what happened (`events`, the account's
log and outbox), which money moved (`postings`), what is to be done at a time (`tasks`) and which tasks are thereby done
(`done`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

D = TypeVar("D", bound=msgspec.Struct)

LABEL = ":"
"""What a label begins with among words: no word does, so that no search by the beginning of a word finds a label."""

_encode = msgspec.json.Encoder().encode


def encode_text(value: Any) -> str:
    """JSON as text, as documents, events and tasks are stored."""
    return _encode(value).decode()


class Put(msgspec.Struct, frozen=True):
    """A row becomes this. `version` is the one it was read at; 0 means that it must be new.

    `listed`: how lists show it, the columns of its list in order, and its labels last; empty when its list need not
    hear of it. Labels and `words` (what it is found by) are None when they stay as they were.
    """

    table: str
    account_id: str
    id: str
    version: int
    doc: str
    columns: tuple[Any, ...] = ()
    listed: tuple[Any, ...] = ()
    words: tuple[str, ...] | None = None


class Claim(msgspec.Struct, frozen=True):
    """Something that may exist once per account: an order number, an idempotency key. `value` says whose it is."""

    account_id: str
    key: str
    value: str = ""


class Event(msgspec.Struct, frozen=True):
    """What happened, frozen as it was: audit, outbox and feed in one.

    `object_type` and `object_id` name what it happened to, `version` is that object's version after this Change,
    `data` the JSON that readers get.
    """

    account_id: str
    id: str
    type: str
    object_type: str
    object_id: str
    version: int
    created_at: datetime
    data: str


class Task(msgspec.Struct, frozen=True):
    """Something to do at `due_at`: `kind` names the handler, `data` is its JSON. `id` is unique per account."""

    account_id: str
    id: str
    kind: str
    due_at: datetime
    data: str


class TaskKey(msgspec.Struct, frozen=True):
    account_id: str
    id: str


class Posting(msgspec.Struct, frozen=True):
    """Money that moved, in double entry: `amount` leaves the ledger account `credit` and arrives in `debit`.

    One row holds both sides, so a posting that does not balance cannot be written. `amount` is positive, in minor units
    of `currency`. `object_id` is the transaction whose money it is. `id` is unique in it and made from the cause, so
    that a cause moves money once however often it is told. `kind` says what happened; see `kvitt.ledger`.
    """

    account_id: str
    object_id: str
    id: str
    kind: str
    debit: str
    credit: str
    amount: int
    currency: str
    created_at: datetime


class Change(msgspec.Struct, frozen=True):
    puts: tuple[Put, ...] = ()
    claims: tuple[Claim, ...] = ()
    events: tuple[Event, ...] = ()
    tasks: tuple[Task, ...] = ()
    done: tuple[TaskKey, ...] = ()
    postings: tuple[Posting, ...] = ()

    def __add__(self, other: Change) -> Change:
        """Both, in one: still all or nothing."""
        return Change(
            puts=self.puts + other.puts,
            claims=self.claims + other.claims,
            events=self.events + other.events,
            tasks=self.tasks + other.tasks,
            done=self.done + other.done,
            postings=self.postings + other.postings,
        )


class Row(msgspec.Struct, Generic[D], frozen=True):
    """A document as it was read, with the version that a Put must name to replace it.

    `size`: characters of its JSON as it was read.
    """

    version: int
    doc: D
    size: int = 0


@dataclass(frozen=True)
class Kind(Generic[D]):
    """A kind of document: the table that holds it, its struct, and what stands beside it in columns.

    `columns` derives the column values from the document, in the order the table declares them. A kind that has a list
    derives the list's columns with `listed`, with `labels` the exact values that it is filtered by and that have no
    column, and with `words` what a search finds it by. Both are few, a hundred characters at most, and without NUL.
    """

    table: str
    type: type[D]
    columns: Callable[[D], tuple[Any, ...]]
    listed: Callable[[D], tuple[Any, ...]] | None = None
    labels: Callable[[D], tuple[str, ...]] | None = None
    words: Callable[[D], tuple[str, ...]] | None = None

    def put(
        self,
        account_id: str,
        id: str,
        doc: D,
        version: int = 0,
        *,
        same_words: bool = False,
        same_list: bool = False,
    ) -> Put:
        """`same_words`: the caller knows that the document has the labels and words that it had before; `same_list`:
        that nothing of it changed which its list holds."""
        listed: tuple[Any, ...] = ()
        words: tuple[str, ...] | None = None
        if self.listed is not None and not same_list:
            labels = None
            if not same_words:
                labels = self.labels(doc) if self.labels is not None else ()
                searched = self.words(doc) if self.words is not None else ()
                words = tuple(dict.fromkeys((*(LABEL + label for label in labels), *searched)))
            listed = (*self.listed(doc), labels)
        return Put(self.table, account_id, id, version, encode_text(doc), self.columns(doc), listed, words)
