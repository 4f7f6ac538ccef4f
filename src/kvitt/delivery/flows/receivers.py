"""Where everything goes out: to receivers that answer, and now and then to one that does not.

Callbacks and webhooks share the circuits of an account's receivers. Each process learns by itself. What is held is not
sent and counts as a try that failed, so schedules stay as they are; a last try is always made. When a receiver is back,
whatever waits for it is due at once.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta

import msgspec
import structlog

from kvitt.core.clock import Clock
from kvitt.delivery.model.request import Result
from kvitt.delivery.model.webhooks import HOOKS, HOOKS_ID
from kvitt.delivery.rules.circuit import Circuit, State, after, may_send, receiver_at, state_of, without_password
from kvitt.delivery.rules.schedule import MAX_TRIES
from kvitt.store import Store

log = structlog.get_logger("kvitt.delivery")

HELD = Result(fault="held", detail="not sent: the receiver did not answer several times in a row")
SOON = timedelta(seconds=60)
"""What is due within this comes by itself; it may be in a worker's hands, whose lease is as long."""
MOST_REMEMBERED = 10_000

_CLOSED = Circuit()


class Receivers:
    """The circuits of all receivers that failed lately, by account and address."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._circuits: dict[tuple[str, str], Circuit] = {}

    async def send(self, account_id: str, url: str, tries: int, send: Callable[[], Awaitable[Result]]) -> Result:
        """What `send` answers, or HELD. `tries`: which try of the delivery this is, 1 the first."""
        key, now = (account_id, receiver_at(url)), _now()
        circuit = self._circuits.get(key, _CLOSED)
        if not may_send(circuit, now) and tries < MAX_TRIES:
            return HELD
        if circuit.opened:
            self._circuits[key] = msgspec.structs.replace(circuit, probing=True)
        result = Result(fault="unreadable")
        try:
            result = await send()
        finally:
            back = self._learn(key, result)
        if back:
            await self._hasten(*key)
        return result

    def states(self) -> Counter[State]:
        """How many receivers are open and half open; the closed ones among them have failed, but seldom."""
        now = _now()
        return Counter(state_of(circuit, now) for circuit in self._circuits.values())

    def _learn(self, key: tuple[str, str], result: Result) -> bool:
        """Whether the receiver was given up and is back."""
        before = self._circuits.pop(key, _CLOSED)
        circuit = after(before, result, _now())
        if circuit.failures:
            self._circuits[key] = circuit
            if len(self._circuits) > MOST_REMEMBERED:
                del self._circuits[next(iter(self._circuits))]
        if circuit.opened != before.opened:
            log.info("a receiver is back" if not circuit.opened else "a receiver does not answer",
                     account_id=key[0], receiver=without_password(key[1]))  # fmt: skip
        return bool(before.opened and not circuit.opened)

    async def _hasten(self, account_id: str, receiver: str) -> None:
        try:
            row = await self._store.get(HOOKS, account_id, HOOKS_ID)
            hooks = row.doc.subscriptions if row is not None else ()
            ids = [each.id for each in hooks if receiver_at(each.url) == receiver]
            now = self._clock(account_id)
            await self._store.deliveries.hasten(account_id, ids, now, SOON)
            await self._store.callbacks.hasten(account_id, receiver, now, SOON)
        except Exception as error:  # they come on schedule
            log.warning("what waits for a receiver cannot be hastened", account_id=account_id, reason=repr(error))


def _now() -> float:
    return asyncio.get_running_loop().time()
