"""How long from a commit until its callback and its webhook arrive, while one of several receivers is silent.

    python -m bench.deliveries --rate 200 --seconds 30

Each event is a Change as a capture makes it: a callback's task and an event that a webhook tells of, committed by the
server's own store, so that its worker and its fan-out hear of it as they do of a request. Accounts take turns; the
first one's receiver takes connections and says nothing. The rate counts the events of the others.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvloop

from bench.machine import temporary_database
from kvitt.app import App, build
from kvitt.config import Config
from kvitt.core.change import Change, Event, Task, encode_text
from kvitt.core.clock import system_clock
from kvitt.core.ids import new_uuid
from kvitt.delivery.flows.subscriptions import Subscriptions
from kvitt.delivery.model.request import CALLBACK_TASK
from kvitt.delivery.model.webhooks import HookSecret

WARM_UP_SECONDS = 2.0
P99_SECONDS = 1.0
_FILLER = "x" * 1800
"""Makes the payload about as long as a transaction."""


@dataclass
class Shop:
    account_id: str
    url: str
    silent: bool
    committed: dict[str, float] = field(default_factory=dict)


@contextmanager
def receiver(*options: str) -> Iterator[str]:
    command = [sys.executable, "-m", "bench.receiver", *options]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


async def happen(app: App, shop: Shop, measured: bool) -> None:
    """A capture, as far as delivery knows."""
    id, now = new_uuid(), system_clock()
    url = f"{shop.url}/callback?transaction_id={id}"
    data = {"method": "GET", "url": url, "event_id": new_uuid(), "session_id": id, "transaction_id": id}
    told = encode_text({"id": id, "status": "CAPTURED", "filler": _FILLER})
    event = Event(shop.account_id, new_uuid(), "transaction.captured", "transaction", id, 3, now, told)
    task = Task(shop.account_id, f"callback:{id}:3", CALLBACK_TASK, now, encode_text(data))
    await app.store.commit(Change(events=(event,), tasks=(task,)))
    if measured and not shop.silent:
        shop.committed[id] = time.time()


async def run(database_url: str, shops: list[Shop], rate: float, seconds: float) -> float:
    """Answers how long the last event's turn came late, in seconds: the generator's own lag."""
    app = await build(Config(database_url=database_url))
    await app.start()
    for shop in shops:
        await app.accounts.create_account(shop.account_id, "Bench")
        await Subscriptions(app.store, system_clock, app.fan_out.look).create(
            shop.account_id, f"{shop.url}/hook", ("checkout_transaction",), HookSecret("HMAC-SHA1", "s"), active=True,
            by="bench",
        )  # fmt: skip
    await asyncio.sleep(1.0)
    live = sum(not shop.silent for shop in shops)
    gap = live / rate / len(shops)
    began, lag, working = time.perf_counter(), 0.0, set()
    count = int((WARM_UP_SECONDS + seconds) / gap)
    for number in range(count):
        at = began + number * gap
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        lag = max(lag, time.perf_counter() - at)
        work = asyncio.create_task(happen(app, shops[number % len(shops)], number * gap >= WARM_UP_SECONDS))
        working.add(work)
        work.add_done_callback(working.discard)
    await asyncio.gather(*working)
    await asyncio.sleep(5.0)  # time for what is late
    await app.close()
    return lag


def arrivals(shop: Shop) -> dict[tuple[str, str], float]:
    """When each first came."""
    with urllib.request.urlopen(f"{shop.url}/seen", timeout=30) as answer:
        lines = answer.read().decode().split("\n")
    first: dict[tuple[str, str], float] = {}
    for line in filter(None, lines):
        kind, id, at = line.split(" ")
        first.setdefault((kind, id), float(at))
    return first


def figures(shops: list[Shop], kind: str) -> dict[str, Any]:
    """In milliseconds, of the shops whose receivers live."""
    waits = []
    owed = 0
    for shop in shops:
        if not shop.silent:
            came = arrivals(shop)
            owed += len(shop.committed)
            waits += [max(0.0, came[kind, id] - at) for id, at in shop.committed.items() if (kind, id) in came]
    waits.sort()

    def share(part: float) -> float | None:
        return round(waits[min(len(waits) - 1, int(part * len(waits)))] * 1000, 1) if waits else None

    return {"owed": owed, "arrived": len(waits), "p50": share(0.5), "p99": share(0.99), "max": share(1.0)}


def main() -> int:
    options = _options()
    number = 10_000_000 + secrets.randbelow(80_000_000)
    with temporary_database() as database, ExitStack() as stack:
        urls = [stack.enter_context(receiver(*(["--silent"] if n == 0 else []))) for n in range(options.receivers)]
        shops = [Shop(f"T{number + n:08d}", url, n == 0) for n, url in enumerate(urls)]
        lag = uvloop.run(run(database.url, shops, options.rate, options.seconds))
        report = {"rate": options.rate, "seconds": options.seconds, "receivers": len(shops), "silent": 1,
                  "generator_lag_ms": round(lag * 1000, 1),
                  "callbacks": figures(shops, "callback"), "webhooks": figures(shops, "webhook")}  # fmt: skip
    print(json.dumps(report, indent=2) if options.json else _readable(report))
    kinds = (report["callbacks"], report["webhooks"])
    return 0 if all(k["arrived"] == k["owed"] > 0 and k["p99"] < P99_SECONDS * 1000 for k in kinds) else 1


def _readable(report: dict[str, Any]) -> str:
    lines = [
        f"{report['rate']:g} events/s for {report['seconds']:g} s to {report['receivers'] - 1} receivers, beside them "
        f"one that is silent; the generator was at most {report['generator_lag_ms']} ms late",
        "from commit to arrival:",
    ]
    for kind in ("callbacks", "webhooks"):
        k = report[kind]
        lines.append(
            f"  {kind}  {k['arrived']} of {k['owed']}  p50 {k['p50']} ms, p99 {k['p99']} ms, max {k['max']} ms"
        )
    return "\n".join(lines)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.deliveries", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rate", type=float, default=200.0, help="events a second to receivers that live [200]")
    parser.add_argument("--seconds", type=float, default=30.0, help="measured time [30]")
    parser.add_argument("--receivers", type=int, default=4, help="of which one is silent [4]")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
