"""The floor: pgbench writes the rows of one order's life again and again, as fast as this PostgreSQL lets it.

The script is made from a recording of what kvitt really wrote: the same rows in the same tables with the same indexes,
the same documents (sent as parameters, as kvitt sends them), updates by key and version, tasks taken and ended. Each
Change is a transaction of its own, durable before the next counts, and all Changes of one life travel in one pipeline:
no round trips, no HTTP, no rules, no reads. What is left is what storing it costs.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.recording import Recording, Write
from kvitt.core.change import Change, Put
from kvitt.store import DueTask, Movement
from kvitt.store.embedded import Embedded
from kvitt.store.tables import LISTINGS, TABLES, lexeme

ACCOUNT = "T99000000"
_DIGITS = 18


@dataclass
class Script:
    """pgbench's script, the values it is called with, and how many rows of each table a run writes."""

    lines: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    inserts: Counter[str] = field(default_factory=Counter)
    updates: Counter[str] = field(default_factory=Counter)
    deletes: Counter[str] = field(default_factory=Counter)
    transactions: int = 0


class Writer:
    """Turns recorded writes into SQL. Ids become new ones of the same length, made from one random number a run."""

    def __init__(self, recording: Recording) -> None:
        self.script = Script()
        self._ids = _ids_of(recording.writes)
        self.script.lines = [
            f"\\set n random({10 ** (_DIGITS - 1)}, {10**_DIGITS - 1})",
            "\\startpipeline",
        ]
        taken: list[DueTask] = []
        for write in recording.writes:
            if isinstance(write, DueTask):
                taken.append(write)  # kvitt takes many at once; here it costs no transaction of its own
                continue
            for task in taken:
                self.take(task)
            taken = []
            if isinstance(write, Movement):
                self.movement(write)
            else:
                self.change(write)
            self.script.lines.append("\\syncpipeline")
            self.script.transactions += 1
        self.script.lines.append("\\endpipeline")

    def change(self, change: Change) -> None:
        for put in change.puts:
            columns = dict(zip(_names(put.table), put.columns, strict=True))
            self.insert(put.table, put.id, put.doc, columns) if put.version == 0 else self.update(put, columns)
            if put.listed:
                self.listed(put)
        for claim in change.claims:
            self.row("claims", {"account_id": ACCOUNT, "key": claim.key, "value": claim.value})
        for task in change.tasks:
            row = {"account_id": ACCOUNT, "id": task.id, "kind": "floor", "due_at": task.due_at, "data": task.data}
            tail = " on conflict (account_id, id) do update set kind = excluded.kind, due_at = excluded.due_at, "
            self.row("tasks", row, tail + "data = excluded.data, tries = 0")
        for done in change.done:
            self.script.lines.append(
                f"delete from tasks where account_id = '{ACCOUNT}' and id = {self.value(done.id)};"
            )
            self.script.deletes["tasks"] += 1
        for event in change.events:
            self.row("log", {
                "account_id": ACCOUNT, "epoch": 1, "id": event.id, "type": event.type, "object_type": event.object_type,
                "object_id": event.object_id, "version": event.version, "created_at": event.created_at,
                "data": event.data,
            })  # fmt: skip
        for moved in change.postings:
            self.row("postings", {
                "account_id": ACCOUNT, "object_id": moved.object_id, "id": moved.id, "kind": moved.kind,
                "debit": moved.debit, "credit": moved.credit, "amount": moved.amount, "currency": moved.currency,
                "created_at": moved.created_at,
            })  # fmt: skip

    def insert(self, table: str, id: str, doc: str, columns: dict[str, Any]) -> None:
        self.row(table, {"account_id": ACCOUNT, "id": id, "version": 1, "doc": doc, **columns})

    def update(self, put: Any, columns: dict[str, Any]) -> None:
        sets = ", ".join(f"{name} = {self.value(value)}" for name, value in {"doc": put.doc, **columns}.items())
        self.script.lines.append(
            f"update {put.table} set version = version + 1, {sets} "
            f"where account_id = '{ACCOUNT}' and id = {self.value(put.id)} and version = {put.version};"
        )
        self.script.updates[put.table] += 1

    def listed(self, put: Put) -> None:
        """The row of the list, and what the document is found by. Updates of it are counted as the document's."""
        listing = LISTINGS[put.table]
        shown = dict(zip(listing.columns, put.listed, strict=True))
        labels = shown.pop("labels")
        values = {name: self.value(value) for name, value in shown.items()}
        if labels is not None:
            values["labels"] = f"array[{', '.join(self.value(label) for label in labels)}]::text[]"
        key = {"account_id": f"'{ACCOUNT}'", "id": self.value(put.id)}
        if put.version == 0:
            self._insert_listed(listing.name, key | values)
        else:
            sets = ", ".join(f"{name} = {value}" for name, value in values.items())
            self.script.lines.append(
                f"update {listing.name} set {sets} where account_id = '{ACCOUNT}' and id = {key['id']};"
            )
        keys = {name: values[name] for name in listing.sorts}
        if put.version and len(keys) > 1:
            sets = ", ".join(f"{name} = {value}" for name, value in keys.items())
            self.script.lines.append(
                f"update {listing.words} set {sets} where account_id = '{ACCOUNT}' and id = {key['id']};"
            )
        if put.words is not None and put.version == 0:
            # As many words: those that are the document's own are new in each run.
            shared = [word for word in put.words if not any(map(str.isdigit, word))]
            own = [f"'{lexeme(ACCOUNT, chr(97 + n))}' || :n" for n in range(len(put.words) - len(shared))]
            words = ", ".join([*(self.value(lexeme(ACCOUNT, word)) for word in shared), *own])
            self._insert_listed(listing.words, key | {"words": f"array_to_tsvector(array[{words}])"} | keys)

    def _insert_listed(self, table: str, row: dict[str, str]) -> None:
        self.script.lines.append(f"insert into {table} ({', '.join(row)}) values ({', '.join(row.values())});")
        self.script.inserts[table] += 1

    def take(self, task: DueTask) -> None:
        self.script.lines.append(
            "update tasks set due_at = now() + interval '60 seconds', tries = tries + 1 "
            f"where account_id = '{ACCOUNT}' and id = {self.value(task.id)};"
        )
        self.script.updates["tasks"] += 1

    def movement(self, movement: Movement) -> None:
        self.row("sandbox.movements", {
            "account_id": ACCOUNT, "attempt_id": movement.attempt_id, "payment_id": movement.payment_id,
            "verb": movement.verb, "amount": movement.amount, "currency": movement.currency,
            "outcome": movement.outcome, "created_at": movement.created_at, "data": movement.data,
            "final": str(movement.final).lower(), "expires_at": movement.expires_at,
        })  # fmt: skip
        if movement.outcome != "done":
            return
        if movement.verb == "authorize":
            self.row("sandbox.payments", {
                "account_id": ACCOUNT, "payment_id": movement.payment_id, "currency": movement.currency,
                "authorized": movement.amount, "expires_at": movement.expires_at,
            })  # fmt: skip
            return
        column = {"capture": "captured", "refund": "refunded", "void": "voided"}[movement.verb]
        self.script.lines.append(
            f"update sandbox.payments set {column} = {column} + {movement.amount} "
            f"where account_id = '{ACCOUNT}' and payment_id = {self.value(movement.payment_id)};"
        )

    def row(self, table: str, row: dict[str, Any], tail: str = "") -> None:
        values = ", ".join(self.value(value) for value in row.values())
        self.script.lines.append(f"insert into {table} ({', '.join(row)}) values ({values}){tail};")
        self.script.inserts[table] += 1

    def value(self, value: Any) -> str:
        """An SQL expression: an id made from the run's number, a long text as a parameter, the rest as it is."""
        if value is None:
            return "null"
        if isinstance(value, int):
            return str(value)
        if isinstance(value, datetime):
            later = value > datetime.now(UTC)  # a timer that nobody waits for: no worker is to find it due
            return "now() + interval '1 day'" if later else "now()"
        if value in self._ids:
            return self._ids[value]
        if len(value) > 40 or ":" in value:  # pgbench would read a variable behind the colon
            name = f"d{len(self.script.values)}"
            self.script.values[name] = value
            return f":{name}"
        return "'" + value.replace("'", "''") + "'"


def _ids_of(writes: list[Write]) -> dict[str, str]:
    """Keys that differ from life to life, and the expression that stands for each: as long, and new in every run."""
    found: dict[str, None] = {}
    for write in writes:
        if isinstance(write, Movement):
            found |= dict.fromkeys((write.attempt_id, write.payment_id))
        elif isinstance(write, DueTask):
            found[write.id] = None
        else:
            found |= dict.fromkeys(put.id for put in write.puts)
            found |= dict.fromkeys(claim.key for claim in write.claims)
            found |= dict.fromkeys(claim.value for claim in write.claims if claim.value)
            found |= dict.fromkeys(part.id for part in (*write.tasks, *write.done, *write.events))
            found |= dict.fromkeys(event.object_id for event in write.events)
            found |= dict.fromkeys(id for moved in write.postings for id in (moved.object_id, moved.id))
            for put in write.puts:
                named = dict(zip(_names(put.table), put.columns, strict=True))
                keys = ("order_id", "merchant_reference", "session_id")
                found |= dict.fromkeys(named[key] for key in keys if isinstance(named.get(key), str))
    numbered = list(found)
    return {text: _expression(place, text) for place, text in enumerate(numbered)}


def _expression(place: int, text: str) -> str:
    """Letters that tell this id from the run's other ids, then the run's number, padded to the original's length."""
    mark = chr(97 + place // 26) + chr(97 + place % 26)
    return f"('{mark.ljust(max(2, len(text) - _DIGITS), '-')}' || :n)"


def _names(table: str) -> tuple[str, ...]:
    return tuple(TABLES[table].columns)


def run_floor(
    database: Embedded, script: Script, folder: Path, *, clients: int, threads: int, seconds: float
) -> tuple[float, float]:
    """Lives per second, and pgbench's own CPU seconds."""
    path = folder / "floor.sql"
    path.write_text("\n".join(script.lines) + "\n")
    pgbench = str(database.programs.folder / "pgbench")
    command = [pgbench, "-h", str(database.socket_dir), "-U", "kvitt", "-n", "-M", "prepared", "-c", str(clients),
               "-j", str(threads), "-T", str(round(seconds)), "-f", str(path)]  # fmt: skip
    for name, value in script.values.items():
        command += ["-D", f"{name}={value}"]
    environ = {**os.environ, "PGOPTIONS": "-c plan_cache_mode=force_generic_plan", "LC_ALL": "C"}
    before = os.times()
    result = subprocess.run([*command, "kvitt"], capture_output=True, text=True, env=environ, check=False)
    after = os.times()
    found = re.search(r"tps = ([\d.]+)", result.stdout)
    failed = re.search(r"number of failed transactions: (\d+)", result.stdout)
    if result.returncode != 0 or found is None or (failed and failed[1] != "0"):
        raise RuntimeError(f"pgbench failed: {result.stdout[-500:]} {result.stderr[-1500:]}")
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return float(found[1]), spent
