"""The tables that hold documents: their columns in order, and by which of them rows are found.

What stands here, in the migrations' SQL and in the parameters of `commit_group_v4` is one thing said three times; a
test holds them equal.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Listing:
    """A table that lists another's documents: a narrow row each. `columns`: those of `Kind.listed` in order, and last
    the labels.

    `words`: the table of what documents are found by; the columns that lists are sorted by (`sorts`) stand there too.
    `walked`: columns that have an index which goes on in the order of `created_at`.
    `lags`: for times that come after `created_at`, the intervals that part documents by how long after; what is later
    than the last of them has an index of its own.
    """

    name: str
    columns: dict[str, str]
    words: str
    sorts: tuple[str, ...] = ("created_at",)
    walked: tuple[str, ...] = ()
    lags: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def row(self) -> str:
        """The type of a row as it travels: `n`, the key, the columns, and `words` (null: as before)."""
        return f"{self.name}_row"


@dataclass(frozen=True)
class Table:
    """`columns`: name to PostgreSQL type, in the order of `Kind.columns`. `found_by`: those that have an index.

    `listing`: the table that lists these documents; without one, they are listed by their own columns. `listed_by`:
    rows of which this column is null are in no list. `alone`: Changes of these go alone, no function for groups knows
    them; for what is seldom written.
    """

    name: str
    columns: dict[str, str]
    found_by: tuple[str, ...] = ()
    listed_by: str | None = None
    listing: Listing | None = None
    alone: bool = False

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
        "labels": "text[]",
    },
    words="order_words",
    sorts=("created_at", "updated_at", "amount"),
    walked=("status", "payment_status", "customer_id", "store_id"),
    lags={"updated_at": ("2 days", "30 days")},
)
TRANSACTION_LIST = Listing(
    "transaction_list",
    {
        "created_at": "timestamptz",
        "amount": "bigint",
        "status": "text",
        "captured_at": "timestamptz",
        "refunded_at": "timestamptz",
        "labels": "text[]",
    },
    words="transaction_words",
    walked=("status",),
    lags={"captured_at": ("30 days",), "refunded_at": ("30 days",)},
)
SESSION_LIST = Listing("session_list", {"created_at": "timestamptz", "labels": "text[]"}, words="session_words")

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
            listing=SESSION_LIST,
        ),
        Table(
            "transactions",
            {"session_id": "text", "merchant_reference": "text", "status": "text", "created_at": "timestamptz"},
            found_by=("session_id", "merchant_reference"),
            listing=TRANSACTION_LIST,
        ),
        Table(
            "card_tokens",
            {"customer_id": "text", "status": "text", "created_at": "timestamptz"},
            found_by=("customer_id",),
            alone=True,
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


PARTS = {"claims": CLAIMS, "log": LOG, "tasks": TASKS, "done": DONE, "postings": POSTINGS}
"""What a Change writes beside documents and their lists. The postings are last: an older function does without."""

LISTINGS = {table.name: table.listing for table in TABLES.values() if table.listing is not None}


def arrays() -> dict[str, str]:
    """The parameters of `commit_group_v4` in order, with their types; the lists come last, each one text of JSON."""
    parameters = {"gid": "uuid"}
    for table in TABLES.values():
        if not table.alone:
            columns = {"n": "int", "account_id": "text", "id": "text", "version": "int", "doc": "text", **table.columns}
            parameters |= {f"{table.name}_{name}": f"{type}[]" for name, type in columns.items()}
    for prefix, columns in PARTS.items():
        parameters |= {f"{prefix}_{name}": f"{type}[]" for name, type in {"n": "int", **columns}.items()}
    return parameters | {f"{listing.name}s": "text" for listing in LISTINGS.values()}


def lexeme(account_id: str, word: str) -> str:
    """A word as the index of words holds it: nobody finds another account's."""
    return f"{account_id} {word}"
