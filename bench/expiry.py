"""Many sessions run out within a minute, while shops go on creating sessions and customers go on paying.

    python -m bench.expiry --sessions 100000 --seconds 60

Seeds one account with open sessions whose ends are spread over so many seconds, then walks other shops through
creating and paying a session at a steady rate: some time before the first session ends, and until the last was
expired. Latencies count from when a request was due, so that a server that stalls is charged for those that waited.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import msgspec
from aiohttp import ClientSession, TCPConnector

from bench.machine import Keys, Server, Usage, fetch_token, free_port, make_shops, postmaster, temporary_database
from bench.requests import STEPS
from kvitt.app import opened
from kvitt.checkout.model.session import SessionOptions
from kvitt.checkout.rules.creation import create
from kvitt.checkout.rules.moment import Moment
from kvitt.config import Config
from kvitt.core.change import Change
from kvitt.core.clock import system_clock
from kvitt.core.ids import new_short_id, new_uuid
from kvitt.store.embedded import Embedded

AT_ONCE = 200
"""Sessions that are seeded in one Change."""
SEEDED_A_SECOND = 1000
"""At least: how far ahead the first end is set."""
LONGEST_LATENESS = 600.0
PAYMENT = next(step for step in STEPS if step.name == "pay").body
SESSION = {
    "url": {"return_url": "https://shop.example/thanks", "callback_url": "https://shop.example/hook"},
    "order": {
        "amount": 39800, "currency": "NOK", "vat_amount": 7960, "merchant_reference": "A-1",
        "items": [
            {"id": "chair", "line_id": "1", "description": "A chair", "quantity": 2, "amount": 39800, "vat": 25}
        ],
    },
    "configuration": {"dintero_psp": {"creditcard": {"enabled": True}}},
}  # fmt: skip


@dataclass
class Measured:
    """Milliseconds, by what was asked."""

    waits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failures: list[str] = field(default_factory=list)

    def shown(self) -> dict[str, dict[str, float]]:
        return {name: {"count": len(found), **_parts(found)} for name, found in sorted(self.waits.items())}


def _parts(waits: Sequence[float]) -> dict[str, float]:
    found = sorted(waits)
    return {
        f"p{part:g}": round(found[min(len(found) - 1, int(part / 100 * len(found)))], 1) for part in (50, 95, 99, 100)
    }


async def seed(database_url: str, account_id: str, count: int, first_end: datetime, seconds: float) -> None:
    """Open sessions, their ends evenly spread, the earliest first."""
    options = msgspec.convert(SESSION, SessionOptions)
    async with opened(Config(database_url=database_url)) as kvitt:
        places = iter(range(0, count, AT_ONCE))

        async def work() -> None:
            for place in places:
                change = Change()
                for number in range(place, min(place + AT_ONCE, count)):
                    now = system_clock()
                    ends = first_end + timedelta(seconds=seconds * number / count)
                    one = msgspec.structs.replace(options, expires_at=ends)
                    moment = Moment(now, new_uuid(), (new_uuid(),))
                    made, _ = create(account_id, new_short_id(account_id, now), one, None, frozenset(), moment)
                    change += made
                await kvitt.store.commit(change)

        await asyncio.gather(*(work() for _ in range(4)))


class Load:
    """One journey (create a session, pay it) begins every `1 / rate` seconds, whatever became of the others."""

    def __init__(self, url: str, keys: Keys, rate: float) -> None:
        self.measured = Measured()
        self._url, self._keys, self._rate = url, keys, rate
        self._ended = asyncio.Event()
        self._work = asyncio.create_task(self._run())

    def measure(self) -> Measured:
        """From now on into a new one; answers the one before."""
        before, self.measured = self.measured, Measured()
        return before

    async def end(self) -> None:
        self._ended.set()
        await self._work

    async def _run(self) -> None:
        headers = {"Authorization": f"Bearer {self._keys.token}", "Content-Type": "application/json"}
        began, number = time.perf_counter(), 0
        async with ClientSession(self._url, headers=headers, connector=TCPConnector(limit=200)) as http:
            under_way: set[asyncio.Task[None]] = set()
            while not self._ended.is_set():
                due = began + number / self._rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                journey = asyncio.create_task(self._journey(http, due))
                under_way.add(journey)
                journey.add_done_callback(under_way.discard)
                number += 1
            await asyncio.gather(*under_way)

    async def _journey(self, http: ClientSession, due: float) -> None:
        made = await self._ask(http, "create", "/v1/sessions", json.dumps(SESSION), due)
        if made is not None:
            await self._ask(http, "pay", f"/v1/sessions/{made['id']}/pay", _payment(), time.perf_counter())

    async def _ask(self, http: ClientSession, name: str, path: str, body: str, due: float) -> Any:
        measured = self.measured
        try:
            async with http.post(path, data=body) as answer:
                found = await answer.json()
                if answer.status != 200:
                    measured.failures.append(f"{name}: {answer.status} {found}")
                    return None
        except Exception as error:
            measured.failures.append(f"{name}: {error!r}")
            return None
        measured.waits[name].append((time.perf_counter() - due) * 1000)
        return found


def _payment() -> str:
    return PAYMENT.replace("{{", "{").replace("}}", "}") if PAYMENT else ""


async def run(options: argparse.Namespace, database: Embedded, server: Server, shops: list[Keys]) -> dict[str, Any]:
    quiet, busy = shops
    database_url = database.url
    lead = 5 + options.sessions / SEEDED_A_SECOND + options.before
    first_end = system_clock() + timedelta(seconds=lead)
    began = time.perf_counter()
    await seed(database_url, quiet.account_id, options.sessions, first_end, options.seconds)
    seeded = time.perf_counter() - began
    left = (first_end - system_clock()).total_seconds() - options.before
    if left < 0:
        raise SystemExit(f"Seeding took {seeded:.0f} s, which is too long: fewer sessions, or a calmer machine")
    assert server.process is not None
    used = {"server": Usage(server.process.pid), "postgresql": Usage(postmaster(database))}
    load = Load(server.url, busy, options.rate)
    await asyncio.sleep(left)
    load.measure()
    _start(used)
    await asyncio.sleep(options.before)
    before, cpu_before = load.measure(), _spent(used, options.before)
    _start(used)
    connection = await asyncpg.connect(database_url)
    try:
        await _until_expired(connection, quiet.account_id, options)
        took = (system_clock() - first_end).total_seconds()
        during, cpu_during = load.measure(), _spent(used, took)
        await asyncio.sleep(2)
        lateness = await _lateness(connection, quiet.account_id)
    finally:
        await connection.close()
        await load.end()
    return {
        "sessions": options.sessions, "seconds": options.seconds, "journeys_a_second": options.rate,
        "seeded_seconds": round(seeded, 1), "expired": lateness.pop("expired"), "twice": lateness.pop("twice"),
        "last_expired_after_its_end_seconds": lateness["p100"], "lateness_seconds": lateness,
        "before": before.shown() | {"cpu": cpu_before},
        "during": during.shown() | {"cpu": cpu_during, "seconds": round(took, 1)},
        "failures": (before.failures + during.failures)[:5],
    }  # fmt: skip


def _start(used: dict[str, Usage]) -> None:
    for usage in used.values():
        usage.start()


def _spent(used: dict[str, Usage], seconds: float) -> dict[str, float]:
    """In cores."""
    return {name: round(usage.spent() / seconds, 2) for name, usage in used.items()}


async def _until_expired(connection: Any, account_id: str, options: argparse.Namespace) -> None:
    """No timer is left."""
    deadline = time.perf_counter() + options.seconds + options.before + LONGEST_LATENESS
    await asyncio.sleep(options.seconds)
    while await connection.fetchval("select exists (select from tasks where account_id = $1)", account_id):
        if time.perf_counter() > deadline:
            raise SystemExit("The sessions do not come to an end")
        await asyncio.sleep(0.25)


async def _lateness(connection: Any, account_id: str) -> dict[str, Any]:
    """Of the sessions' expiries: how long after its end each was told, in seconds."""
    rows = await connection.fetch(
        "select object_id, created_at, data from log where account_id = $1 and type = 'session.expired'", account_id
    )
    ends = [datetime.fromisoformat(json.loads(row["data"])["expires_at"]) for row in rows]
    late = [(row["created_at"] - end).total_seconds() for row, end in zip(rows, ends, strict=True)]
    expired = len({row["object_id"] for row in rows})
    return {"expired": expired, "twice": len(rows) - expired, **_parts(late or [0.0])}


def main() -> int:
    options = _options()
    number = 10_000_000 + secrets.randbelow(80_000_000)
    with temporary_database() as database:
        shops = make_shops(database.url, [f"T{number:08d}", f"T{number + 1:08d}"])
        with Server(database.url, free_port()) as server:
            for keys in shops:
                keys.token = fetch_token(server.url, keys)
            report = asyncio.run(run(options, database, server, shops))
    print(json.dumps(report, indent=2) if options.json else _readable(report))
    good = report["expired"] == options.sessions and not report["twice"] and not report["failures"]
    return 0 if good else 1


def _readable(report: dict[str, Any]) -> str:
    late = report["lateness_seconds"]
    lines = [
        f"{report['expired']} of {report['sessions']} sessions expired, {report['twice']} twice; their ends within "
        f"{report['seconds']:g} s, the last one expired {late['p100']} s after its end (p50 {late['p50']} s, p95 "
        f"{late['p95']} s)",
        f"beside them {report['journeys_a_second']:g} journeys a second; milliseconds:",
    ]
    for phase in ("before", "during"):
        found = report[phase]
        shown = ", ".join(
            f"{name} p50 {found[name]['p50']} p95 {found[name]['p95']} p99 {found[name]['p99']}"
            for name in ("create", "pay")
            if name in found
        )
        lines.append(f"  {phase:<6}  {shown}; cores {found['cpu']}")
    return "\n".join([*lines, *(f"  failed: {failure}" for failure in report["failures"])])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.expiry", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sessions", type=int, default=100_000, help="open sessions that run out [100000]")
    parser.add_argument("--seconds", type=float, default=60.0, help="between the first end and the last [60]")
    parser.add_argument("--before", type=float, default=20.0, help="seconds measured before the first end [20]")
    parser.add_argument("--rate", type=float, default=20.0, help="journeys a second beside them [20]")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
