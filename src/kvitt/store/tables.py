"""The tables that hold documents: their columns in order, and by which of them rows are found.

What stands here, in the migrations' SQL and in the parameters of `commit_group_v3` is one thing said three times; a
test holds them equal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Listing:
    """A table that lists another's documents: a narrow row each. `columns` are in the order of `Kind.listed`.

    `words`: the table of what they are found by.
    """

    name: str
    columns: dict[str, str]
    words: str


@dataclass(frozen=True)
class Table:
    """`columns`: name to PostgreSQL type, in the order of `Kind.columns`. `found_by`: those that have an index.

    `listing`: the table that lists these documents; without one, they are listed by their own columns. `listed_by`:
    rows of which this column is null are in no list.
    """

    name: str
    columns: dict[str, str]
    found_by: tuple[str, ...] = ()
    listed_by: str | None = None
    listing: Listing | None = None

    @property
    def newest_first(self) -> str:
        return "created_at desc, id desc" if "created_at" in self.columns else "id"


ORDER_LIST = Listing(
    "order_list",
    {
        "created_at": "timestamptz",
        "updated_at": "timestamptz",
        "amount": "bigint",
        "status": "text",
        "payment_status": "text",
        "customer_id": "text",
        "store_id": "text",
    },
    words="order_words",
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table("settings", {"kind": "text"}),
        Table("drafts", {"status": "text", "created_at": "timestamptz"}, listed_by="status"),
        Table(
            "orders",
            {"order_id": "text", "status": "text", "payment_status": "text", "created_at": "timestamptz"},
            found_by=("order_id",),
            listed_by="status",
            listing=ORDER_LIST,
        ),
        Table(
            "sessions",
            {"merchant_reference": "text", "created_at": "timestamptz"},
            found_by=("merchant_reference",),
        ),
        Table(
            "transactions",
            {"session_id": "text", "merchant_reference": "text", "status": "text", "created_at": "timestamptz"},
            found_by=("session_id", "merchant_reference"),
        ),
    )
}

CLAIMS = {"account_id": "text", "key": "text", "value": "text"}
LOG = {
    "account_id": "text",
    "id": "text",
    "type": "text",
    "object_type": "text",
    "object_id": "text",
    "version": "int",
    "created_at": "timestamptz",
    "data": "text",
}
TASKS = {"account_id": "text", "id": "text", "kind": "text", "due_at": "timestamptz", "data": "text"}
DONE = {"account_id": "text", "id": "text"}
POSTINGS = {
    "account_id": "text",
    "object_id": "text",
    "id": "text",
    "kind": "text",
    "debit": "text",
    "credit": "text",
    "amount": "bigint",
    "currency": "text",
    "created_at": "timestamptz",
}


LISTED = {"account_id": "text", "id": "text", **ORDER_LIST.columns}
WORDS = {"account_id": "text", "id": "text", "words": "text"}
"""`words`: one text with WORDS_APART between, each with its account before it."""
WORDS_APART = "\x1f"

PARTS = {
    "claims": CLAIMS,
    "log": LOG,
    "tasks": TASKS,
    "done": DONE,
    "postings": POSTINGS,
    "listed": LISTED,
    "words": WORDS,
}
"""What a Change writes beside documents. Those from the postings on are last: older functions do without."""


def arrays() -> dict[str, str]:
    """The parameters of `commit_group_v3` in order, with their types."""
    parameters = {"gid": "uuid"}
    for table in TABLES.values():
        columns = {"n": "int", "account_id": "text", "id": "text", "version": "int", "doc": "text", **table.columns}
        parameters |= {f"{table.name}_{name}": f"{type}[]" for name, type in columns.items()}
    for prefix, columns in PARTS.items():
        parameters |= {f"{prefix}_{name}": f"{type}[]" for name, type in {"n": "int", **columns}.items()}
    return parameters


def lexeme(account_id: str, word: str) -> str:
    """A word as the index of words holds it: nobody finds another account's."""
    return f"{account_id} {word}"


def words_as_text(account_id: str, words: Iterable[str]) -> str:
    """What no text of PostgreSQL holds, and what would part a word in two, is left out: nothing is found by it."""
    return WORDS_APART.join(
        [lexeme(account_id, word) for word in words if "\0" not in word and WORDS_APART not in word]
    )
