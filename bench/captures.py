"""Two hundred captures of a hundredth each, at once, on one transaction: a hundred succeed and the sum is exact.

They may come to several servers, which know of each other only what the database says.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession, TCPConnector

from bench.machine import Keys
from bench.requests import AMOUNT, STEPS, taken

CALLS = 200
PART = AMOUNT // 100


@dataclass
class Captures:
    succeeded: int
    statuses: dict[int, int]
    captured: int
    """The sum over the transaction's own events."""
    transaction_status: str
    seconds: float

    @property
    def exact(self) -> bool:
        return self.succeeded == 100 and self.captured == AMOUNT and self.transaction_status == "CAPTURED"


def parallel_captures(urls: Sequence[str], keys: Keys, sink_url: str) -> Captures:
    """`urls`: of the servers, which get their captures in turn."""
    return asyncio.run(_run(urls, keys, sink_url))


async def _run(urls: Sequence[str], keys: Keys, sink_url: str) -> Captures:
    headers = {"Authorization": f"Bearer {keys.token}", "Content-Type": "application/json"}
    async with ClientSession(urls[0], headers=headers, connector=TCPConnector(limit=CALLS)) as http:
        transaction_id = await _authorized(http, keys, sink_url)
        path = f"/v1/transactions/{transaction_id}"
        body = json.dumps({"amount": PART})

        async def capture(number: int) -> int:
            async with http.post(f"{urls[number % len(urls)]}{path}/capture", data=body) as answer:
                await answer.read()
                return answer.status

        started = asyncio.get_running_loop().time()
        statuses = Counter(await asyncio.gather(*(capture(number) for number in range(CALLS))))
        seconds = asyncio.get_running_loop().time() - started
        async with http.get(path) as answer:
            transaction: dict[str, Any] = await answer.json()
    captured = sum(
        event.get("amount", 0)
        for event in transaction["events"]
        if event["event"] == "CAPTURE" and event.get("success")
    )
    return Captures(statuses[200], dict(statuses), captured, transaction["status"], seconds)


async def _authorized(http: ClientSession, keys: Keys, sink_url: str) -> str:
    """Walks the journey up to the payment; answers the transaction's id."""
    values = {"account_id": keys.account_id, "sink": sink_url}
    for step in STEPS:
        body = step.body.format(**values) if step.body else None
        async with http.request(step.method, step.path.format(**values), data=body) as answer:
            answer.raise_for_status()
            if step.takes:
                values[step.takes] = taken(step, await answer.read())
        if step.name == "pay":
            break
    return values["transaction_id"]
