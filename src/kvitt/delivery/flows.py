"""Sending what is owed to a shop: sign, send, and commit what came of it.

A delivery is a task whose data is an `Outgoing`. It is done when the shop took it or said that it never will; until
then the task stays and comes due again. A crash after sending and before the commit sends it once more, with the same
`event-delivery`: at least once, never lost.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from urllib.parse import urlsplit

import msgspec

from kvitt.core.change import Change, Event, Task, TaskKey, encode_text
from kvitt.core.clock import Clock
from kvitt.core.ids import new_uuid
from kvitt.delivery.client import OutgoingClient
from kvitt.delivery.flows_signature import Signatures
from kvitt.delivery.model import SIGNATURE_ID, SIGNATURES, Outcome, Outgoing, Result
from kvitt.delivery.rules import outcome_of
from kvitt.delivery.signature import normalised, sign
from kvitt.store import DueTask, Store

OnDelivered = Callable[[DueTask, Outgoing, Result], Awaitable[Change]]
"""What else is true once the shop has taken it; committed together with the task's end. May be asked again."""

_decode = msgspec.json.Decoder(Outgoing).decode


class Deliverer:
    """Sends deliveries of all accounts. Made inside the event loop. `jitter` answers a random number from 0 up to 1."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        client: OutgoingClient | None = None,
        *,
        on_delivered: OnDelivered | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.signatures = Signatures(store, clock)
        self._store = store
        self._clock = clock
        self._client = client or OutgoingClient()
        self._on_delivered = on_delivered
        self._jitter = jitter

    async def deliver(self, task: DueTask) -> Outcome:
        """The worker's handler: one try, and the commit of what came of it."""
        outgoing = _read(task)
        outcome = await self._try(task, outgoing)
        if outcome.state == "retry":
            await self._store.commit(self._later(task, outcome))
        elif outcome.state == "dead" or outgoing is None:
            await self._store.commit(self._dead(task, outgoing, outcome))
        else:
            await self._delivered(task, outgoing, outcome)
        return outcome

    async def close(self) -> None:
        await self._client.close()

    async def _try(self, task: DueTask, outgoing: Outgoing | None) -> Outcome:
        result = Result(fault="unreadable") if outgoing is None else await self._send(task.account_id, outgoing)
        tries = 1 if outgoing is None else outgoing.attempts + 1
        return outcome_of(result, tries, self._clock(task.account_id), self._jitter())

    async def _send(self, account_id: str, outgoing: Outgoing) -> Result:
        try:
            url = normalised(outgoing.url)
        except ValueError as error:
            return Result(fault="url", detail=str(error))
        headers = {"event-delivery": outgoing.event_id}
        # Read anew each time: a shop that renewed its secret expects the new one with the very next request.
        found = await self._store.get(SIGNATURES, account_id, SIGNATURE_ID)
        if found is not None and found.doc.secret is not None:
            at = int(self._clock().timestamp())
            headers["Dintero-Signature"] = sign(found.doc.secret, account_id, outgoing.method, url, at)
        body = _body_bytes(outgoing)
        if body is not None:
            headers["Content-Type"] = "application/json"
        return await self._client.send(account_id, outgoing.method, url, headers, body)

    async def _delivered(self, task: DueTask, outgoing: Outgoing, outcome: Outcome) -> None:
        hook = self._on_delivered
        if hook is None:
            await self._store.commit(_done(task))
            return

        async def decide() -> tuple[Change, None]:
            return await hook(task, outgoing, outcome.result) + _done(task), None

        await self._store.decide(decide)

    def _later(self, task: DueTask, outcome: Outcome) -> Change:
        """The same task at a later time, with one attempt more; whatever else its data holds stays as it is."""
        data = msgspec.json.decode(task.data, type=dict[str, msgspec.Raw])
        attempts = int(bytes(data.get("attempts", msgspec.Raw(b"0")))) + 1
        data["attempts"] = msgspec.Raw(str(attempts).encode())
        due_at = outcome.retry_at or self._clock(task.account_id) + timedelta(hours=1)
        return Change(tasks=(Task(task.account_id, task.id, task.kind, due_at, encode_text(data)),))

    def _dead(self, task: DueTask, outgoing: Outgoing | None, outcome: Outcome) -> Change:
        told = {
            "kind": task.kind,
            "attempts": 1 if outgoing is None else outgoing.attempts + 1,
            "result": outcome.result,
            "request": msgspec.Raw(task.data.encode()) if outgoing else task.data,
        }
        event = Event(
            account_id=task.account_id,
            id=new_uuid(),
            type="delivery.dead",
            object_type="delivery",
            object_id=task.id,
            version=1,
            created_at=self._clock(task.account_id),
            data=encode_text(told),
        )
        return Change(events=(event,)) + _done(task)


def receiver_of(task: DueTask) -> str:
    """Account and host: deliveries to one of these do not wait for those to another."""
    outgoing = _read(task)
    return f"{task.account_id} {urlsplit(outgoing.url).netloc if outgoing else ''}"


def _read(task: DueTask) -> Outgoing | None:
    try:
        return _decode(task.data)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None


def _body_bytes(outgoing: Outgoing) -> bytes | None:
    raw = bytes(outgoing.body)
    if raw == b"null":
        return None
    return msgspec.json.decode(raw, type=str).encode() if raw.startswith(b'"') else raw


def _done(task: DueTask) -> Change:
    return Change(done=(TaskKey(task.account_id, task.id),))
