"""`make bench`: the journey under load, against the floor that PostgreSQL sets on the same machine.

Twelve requests a life, 32 shops at once, a real `kvitt serve` in a process of its own, a load generator and a callback
sink in others; then pgbench writing the same rows. The two take turns, round by round, and the medians count.
Absolute figures drift with the machine; the ratio within a round is what can be compared.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.captures import Captures, parallel_captures
from bench.floor import ACCOUNT, Script, Writer, run_floor
from bench.machine import (
    Keys,
    Server,
    Sink,
    Usage,
    fetch_token,
    free_port,
    make_shops,
    postmaster,
    temporary_database,
)
from bench.recording import record
from bench.rows import checkpoint, rows_of, waiting_tasks
from kvitt.store.embedded import Embedded


@dataclass
class Round:
    """One turn of each. CPU in milliseconds a life."""

    lifecycles: float = 0.0
    requests: float = 0.0
    failed: int = 0
    floor: float = 0.0
    callbacks: int = 0
    callbacks_owed: int = 0
    cpu_server: float = 0.0
    cpu_database: float = 0.0
    cpu_generator: float = 0.0
    floor_cpu_database: float = 0.0
    floor_cpu_pgbench: float = 0.0
    p50: float = 0.0
    p99: float = 0.0
    steps: dict[str, dict[str, float]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    rows_differ: list[str] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        return self.lifecycles / self.floor if self.floor else 0.0


FLOOR_CLIENTS = 32
"""Where pgbench is at its fastest on two cores: 16 and 64 were tried beside it and are not faster."""


@dataclass
class Bench:
    database: Embedded
    server: Server
    sink: Sink
    options: argparse.Namespace
    folder: Path
    server_usage: Usage
    database_usage: Usage

    def load(self, shops: list[Keys], result: Round) -> None:
        order = {
            "port": self.server.port,
            "sink": self.sink.url,
            "warmup": self.options.warmup,
            "seconds": self.options.seconds,
            "shops": [{"account_id": keys.account_id, "token": keys.token} for keys in shops],
        }
        before = len(self.sink.seen())
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(order))
        process.stdin.close()
        _await_line(process, "START")
        generator = Usage(process.pid)
        self.server_usage.start()
        self.database_usage.start()
        _await_line(process, "STOP")
        spent = self.server_usage.spent(), self.database_usage.spent(), generator.spent()
        told = json.loads(process.stdout.readline())
        process.stdout.close()
        process.wait(30)
        self._wait_for_callbacks(shops)
        lives = told["lifecycles"]
        result.lifecycles, result.requests = lives / told["seconds"], told["requests"] / told["seconds"]
        result.cpu_server, result.cpu_database, result.cpu_generator = (1000 * each / max(lives, 1) for each in spent)
        result.failed, result.failures = told["failed"], told["failures"]
        result.p50, result.p99, result.steps = told["all_steps"]["p50"], told["all_steps"]["p99"], told["steps"]
        result.callbacks, result.callbacks_owed = len(self.sink.seen()) - before, told["all_lifecycles"]

    def _wait_for_callbacks(self, shops: list[Keys]) -> None:
        accounts = [keys.account_id for keys in shops]
        deadline = time.monotonic() + 30
        while waiting_tasks(self.database.url, accounts, "checkout.callback") and time.monotonic() < deadline:
            time.sleep(0.1)

    def floor(self, script: Script, result: Round) -> None:
        self.database_usage.start()
        result.floor, pgbench = run_floor(
            self.database, script, self.folder, clients=FLOOR_CLIENTS, threads=2, seconds=self.options.seconds
        )
        lives = result.floor * self.options.seconds
        result.floor_cpu_database = 1000 * self.database_usage.spent() / lives
        result.floor_cpu_pgbench = 1000 * pgbench / lives

    def one_round(self, number: int, script: Script) -> Round:
        result = Round()
        first = 10_000_000 + secrets.randbelow(80_000_000)
        shops = make_shops(self.database.url, [f"T{first + each:08d}" for each in range(self.options.clients)])
        for keys in shops:
            keys.token = fetch_token(self.server.url, keys)
        accounts = [keys.account_id for keys in shops]
        before = rows_of(self.database.url, accounts)

        def load() -> None:
            checkpoint(self.database.url)
            self.load(shops, result)

        def floor() -> None:
            checkpoint(self.database.url)
            self.floor(script, result)

        for phase in (load, floor) if number % 2 == 0 else (floor, load):
            phase()
        result.rows_differ = _compare_rows(before, rows_of(self.database.url, accounts), result, script)
        self.server_usage.look()
        self.database_usage.look()
        return result


def _await_line(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdout is not None
    line = process.stdout.readline()
    if line.strip() != word:
        raise RuntimeError(f"the load generator said {line!r} instead of {word}")


Rows = tuple[Counter[str], Counter[str]]


def _compare_rows(before: Rows, after: Rows, result: Round, script: Script) -> list[str]:
    """Where the rows that a life wrote under load differ from those the floor writes: what makes the ratio honest."""
    inserts, updates = (found - known for found, known in zip(after, before, strict=True))
    lives = result.callbacks_owed
    if result.failed or not lives:
        return ["not compared: requests failed"]
    return [
        f"{what} {table}: {found[table] / lives:.3f} a life, the floor writes {wanted[table]}"
        for what, found, wanted in (("inserts", inserts, script.inserts), ("updates", updates, script.updates))
        for table in {*found, *wanted} - {"tasks"}
        if found[table] != wanted[table] * lives
    ]


def _per_life(script: Script) -> str:
    def line(counts: Counter[str]) -> str:
        return ", ".join(f"{table} {count}" for table, count in sorted(counts.items()))

    return f"inserts: {line(script.inserts)}; updates: {line(script.updates)}; deletes: {line(script.deletes)}"


def main() -> int:
    options = _options()
    account = f"T{10_000_000 + secrets.randbelow(80_000_000):08d}"
    with temporary_database() as database, Sink() as sink, tempfile.TemporaryDirectory() as folder:
        keys, captor = make_shops(database.url, [account, f"T{int(account[1:]) + 1:08d}"])
        script = Writer(record(database.url, keys, sink.url)).script
        _say(options, f"A life writes in {script.transactions} transactions  {_per_life(script)}")
        with Server(database.url, free_port()) as server:
            assert server.process is not None
            usages = Usage(server.process.pid), Usage(postmaster(database))
            bench = Bench(database, server, sink, options, Path(folder), *usages)
            rounds = []
            for number in range(options.rounds):
                rounds.append(bench.one_round(number, script))
                _say(options, _round_line(number, rounds[-1]))
            captor.token = fetch_token(server.url, captor)
            captures = parallel_captures([server.url], captor, sink.url)
        floor_rows = rows_of(database.url, [ACCOUNT])
    report = _report(rounds, captures, script, usages, floor_rows)
    print(json.dumps(report, indent=2) if options.json else _readable(report))
    return 0 if report["good"] else 1


def _report(
    rounds: list[Round], captures: Captures, script: Script, usages: tuple[Usage, Usage], floor_rows: Any
) -> dict[str, Any]:
    def median(name: str) -> float:
        return round(statistics.median(getattr(each, name) for each in rounds), 3)

    figures = (
        "lifecycles", "requests", "floor", "ratio", "p50", "p99", "cpu_server", "cpu_database", "cpu_generator",
        "floor_cpu_database", "floor_cpu_pgbench",
    )  # fmt: skip
    steps = {
        name: {share: statistics.median(each.steps[name][share] for each in rounds) for share in ("p50", "p99")}
        for name in rounds[0].steps
    }
    inserts, updates = floor_rows
    runs = inserts["drafts"]
    floor_honest = all(
        found[table] == wanted[table] * runs
        for found, wanted in ((inserts, script.inserts), (updates, script.updates))
        for table in {*found, *wanted} - {"tasks"}
    )
    failed = sum(each.failed for each in rounds)
    callbacks_whole = all(each.callbacks == each.callbacks_owed for each in rounds)
    same_rows = floor_honest and not any(each.rows_differ for each in rounds)
    return {
        "machine": {"cpu": _cpu_name(), "cores": os.cpu_count(), "python": platform.python_version()},
        "median": {name: median(name) for name in figures},
        "failed_requests": failed,
        "steps": steps,
        "memory_mb": {"server": round(usages[0].peak_mb), "database": round(usages[1].peak_mb)},
        "callbacks": sum(each.callbacks for each in rounds),
        "callbacks_owed": sum(each.callbacks_owed for each in rounds),
        "same_rows_as_the_floor": same_rows,
        "captures": {**asdict(captures), "exact": captures.exact},
        "rounds": [{**asdict(each), "ratio": each.ratio} for each in rounds],
        "good": not failed and captures.exact and callbacks_whole and same_rows,
    }


def _readable(report: dict[str, Any]) -> str:
    m = report["median"]
    machine = report["machine"]
    captures = report["captures"]
    where = f"{machine['cpu']}, {machine['cores']} cores, Python {machine['python']}"
    lines = [
        f"\n{where}; medians of {len(report['rounds'])} rounds\n",
        f"lifecycles/s   {m['lifecycles']:9.1f}      requests/s {m['requests']:9.0f}",
        f"failed         {report['failed_requests']:9}",
        f"floor          {m['floor']:9.1f}      ratio      {m['ratio']:9.3f}",
        f"latency        p50 {m['p50']:.1f} ms, p99 {m['p99']:.1f} ms",
        f"CPU a life     server {m['cpu_server']:.2f} ms, PostgreSQL {m['cpu_database']:.2f} ms, "
        f"generator {m['cpu_generator']:.2f} ms",
        f"CPU floor      PostgreSQL {m['floor_cpu_database']:.2f} ms, pgbench {m['floor_cpu_pgbench']:.2f} ms",
        f"peak memory    server {report['memory_mb']['server']} MB, PostgreSQL {report['memory_mb']['database']} MB",
        f"callbacks      {report['callbacks']} of {report['callbacks_owed']}",
        f"same rows      {'yes' if report['same_rows_as_the_floor'] else 'NO'}",
        f"200 captures   {captures['succeeded']} succeeded, sum {captures['captured']}, "
        f"{'exact' if captures['exact'] else 'NOT EXACT'} ({captures['seconds']:.2f} s; {captures['statuses']})",
        "",
        *(
            f"  {name:<14} p50 {times['p50']:7.2f}   p99 {times['p99']:7.2f} ms"
            for name, times in report["steps"].items()
        ),
    ]
    for each in report["rounds"]:
        lines += [f"  failure: {text}" for text in each["failures"]]
        lines += [f"  rows: {text}" for text in each["rows_differ"]]
    return "\n".join(lines)


def _round_line(number: int, result: Round) -> str:
    return (
        f"round {number + 1}: {result.lifecycles:.1f} lives/s, floor {result.floor:.1f}, ratio {result.ratio:.3f}, "
        f"failed {result.failed}, callbacks {result.callbacks}/{result.callbacks_owed}"
    )


def _say(options: argparse.Namespace, text: str) -> None:
    if not options.json:
        print(text, flush=True)


def _cpu_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.machine()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="measured time of each phase [10]")
    parser.add_argument("--warmup", type=float, default=2.0, help="before it, not counted [2]")
    parser.add_argument("--rounds", type=int, default=3, help="turns of load and floor [3]")
    parser.add_argument("--clients", type=int, default=64, help="shops at once [64]")
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
