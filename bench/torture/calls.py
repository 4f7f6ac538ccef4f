"""How shops call: with a key until they are answered, without one once. Each call is remembered with what was told.

The rules are those of docs/guides/retries-and-idempotency.md, with shorter pauses.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

import aiohttp

PATIENCE_SECONDS = 900.0
_AGAIN = frozenset((429, 500, 502, 503, 504))

Outcome = Literal["done", "refused", "busy", "unknown"]
"""`busy`: another operation is in the way (409): it had no effect. `unknown`: no answer, or one that does not know."""


@dataclass
class Told:
    """One thing that a caller wanted, and what they were told of it in the end.

    `mark`: stands in the request, so that its effects can be counted; with `keyed` it is the Idempotency-Key too.
    """

    kind: str
    account_id: str
    mark: str
    keyed: bool
    amount: int = 0
    outcome: Outcome = "unknown"
    status: int = 0
    body: Any = None


@dataclass
class Tally:
    """Over all callers: how many requests were sent, which answers came, and what should never happen."""

    sent: int = 0
    keys: int = 0
    again: int = 0
    broken: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


class Caller:
    def __init__(self, http: aiohttp.ClientSession, account_id: str, token: str, seed: int, tally: Tally) -> None:
        self.account_id = account_id
        self.chance = random.Random(seed)
        self._http = http
        self._token = token
        self._tally = tally

    def mark(self) -> str:
        return f"{self.chance.getrandbits(96):024x}"

    async def get(self, path: str, *, customer: bool = False) -> Any:
        """What a GET answers, however often it takes."""
        while True:
            answer = await self._send("GET", path, None, {} if customer else self._headers())
            if answer is not None and answer[0] == 200:
                return json.loads(answer[1])
            if answer is not None and answer[0] not in _AGAIN:
                raise LookupError(f"GET {path}: {answer[0]} {answer[1][:300]!r}")
            await self._pause()

    async def call(
        self, kind: str, method: str, path: str, body: Any, mark: str, *, amount: int = 0, customer: bool = False
    ) -> Told:
        """With a key nine times out of ten; then now and then twice at once, or once more when it was answered."""
        keyed = self.chance.random() < 0.9
        told = Told(kind, self.account_id, mark, keyed, amount)
        headers = {} if customer else self._headers()
        if keyed:
            self._tally.keys += 1
            headers["Idempotency-Key"] = mark
        text = json.dumps(body)
        if keyed and self.chance.random() < 0.1:
            twin = Told(kind, self.account_id, mark, keyed, amount)
            await asyncio.gather(
                self._until_answered(told, method, path, text, headers),
                self._until_answered(twin, method, path, text, headers),
            )
            self._compare(told, twin, "sent twice at once")
        else:
            await self._until_answered(told, method, path, text, headers)
        if keyed and told.outcome == "done" and self.chance.random() < 0.1:
            twin = Told(kind, self.account_id, mark, keyed, amount)
            await self._until_answered(twin, method, path, text, headers)
            self._compare(told, twin, "sent again")
        return told

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    def _compare(self, told: Told, twin: Told, how: str) -> None:
        """Of two equal requests, one may be judged anew when the other had no effect; both done, they are equal."""
        if "done" not in (told.outcome, twin.outcome):
            return
        if told.outcome == twin.outcome and told.body == twin.body:
            return
        if twin.outcome == "done" and how == "sent twice at once":
            told.outcome, told.status, told.body = twin.outcome, twin.status, twin.body
            return
        self._tally.faults.append(f"{told.kind} {told.mark} {how}: {told.outcome}, and then {twin.status} {twin.body}")

    async def _until_answered(self, told: Told, method: str, path: str, text: str, headers: dict[str, str]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        tries = 0
        while time.monotonic() < deadline:
            tries += 1
            self._tally.again += tries > 1
            answer = await self._send(method, path, text, headers)
            if answer is not None:
                told.status, content = answer
                told.body = _read(content)
                told.outcome = _outcome(told.status, told.body)
                if told.status == 500:
                    self._tally.faults.append(f"{method} {path} was answered with 500: {content[:300]!r}")
                    return
                if told.outcome != "unknown":
                    return
            if not told.keyed:
                return
            await self._pause(tries)
        self._tally.faults.append(f"{told.kind} {told.mark}: no answer after {tries} tries, the last was {told.status}")

    async def _send(
        self, method: str, path: str, text: str | None, headers: dict[str, str]
    ) -> tuple[int, bytes] | None:
        """Status and body; None when there was no whole answer. A server that does not listen is waited for."""
        headers = {**headers, "Content-Type": "application/json"} if text is not None else headers
        while True:
            self._tally.sent += 1
            try:
                async with self._http.request(method, path, data=text, headers=headers) as answer:
                    content = await answer.read()
            except aiohttp.ClientConnectorError:  # nothing was sent
                await self._pause()
            except (aiohttp.ClientError, TimeoutError, OSError):
                self._tally.broken += 1
                return None
            else:
                self._tally.statuses[answer.status] += 1
                return answer.status, content

    async def _pause(self, tries: int = 1) -> None:
        """Longer each time, up to two seconds."""
        await asyncio.sleep(self.chance.uniform(0.1, 0.5) * min(tries, 4))


def _read(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content.decode(errors="replace")


def _outcome(status: int, body: Any) -> Outcome:
    if status == 200:
        return "unknown" if isinstance(body, dict) and body.get("success") is False and "poll_url" in body else "done"
    if status == 202 or status in _AGAIN:
        return "unknown"
    if status == 409:
        under_way = isinstance(body, dict) and body.get("error", {}).get("code") == "REQUEST_UNDER_WAY"
        return "unknown" if under_way else "busy"
    return "refused"
