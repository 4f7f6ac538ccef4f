"""The tables that hold documents: their columns in order, and by which of them rows are found.

What stands here, in the migrations' SQL and in the parameters of `commit_group_v2` is one thing said three times; a
test holds them equal.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """`columns`: name to PostgreSQL type, in the order of `Kind.columns`. `found_by`: those that have an index.

    `listed_by`: rows of which this column is null are in no list.
    """

    name: str
    columns: dict[str, str]
    found_by: tuple[str, ...] = ()
    listed_by: str | None = None

    @property
    def newest_first(self) -> str:
        return "created_at desc, id desc" if "created_at" in self.columns else "id"


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


def arrays() -> dict[str, str]:
    """The parameters of `commit_group_v2` in order, with their types. The postings are last: v1 does without."""
    parameters = {"gid": "uuid"}
    for table in TABLES.values():
        columns = {"n": "int", "account_id": "text", "id": "text", "version": "int", "doc": "text", **table.columns}
        parameters |= {f"{table.name}_{name}": f"{type}[]" for name, type in columns.items()}
    for prefix, columns in (("claims", CLAIMS), ("log", LOG), ("tasks", TASKS), ("done", DONE), ("postings", POSTINGS)):
        parameters |= {f"{prefix}_{name}": f"{type}[]" for name, type in {"n": "int", **columns}.items()}
    return parameters
