"""Sending callbacks: one try of what is owed to a shop, and what came of it committed.

A callback is a task whose data is an `Outgoing`. It is done when the shop took it or said that it never will; until
then the task stays and comes due again. A crash after sending and before the commit sends it once more, with the same
`event-delivery`: at least once, never lost.

Callbacks of one transaction go in the order of its events: a later one waits while an earlier one is owed.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import msgspec

from kvitt.core.change import Change, Event, Task, TaskKey, encode_text
from kvitt.core.clock import Clock
from kvitt.core.ids import new_uuid
from kvitt.delivery.client import OutgoingClient
from kvitt.delivery.flows.figures import Figures
from kvitt.delivery.flows.notes import Notes
from kvitt.delivery.flows.receivers import Receivers
from kvitt.delivery.flows.signature import HEADER, Signatures
from kvitt.delivery.model.attempt import DeliveryAttempt
from kvitt.delivery.model.request import Outcome, Outgoing, Result
from kvitt.delivery.rules.callbacks import FIRST_EVENTS, event_of, goes_before, wait_behind
from kvitt.delivery.rules.schedule import outcome_of
from kvitt.delivery.rules.signature import normalised
from kvitt.store import CallbackNote, DueTask, Store

OnDelivered = Callable[[DueTask, Outgoing, Result], Awaitable[Change]]
"""What else is true once the shop has taken it; committed together with the task's end. May be asked again."""

_BEHIND = Result(fault="held", detail="not sent: an earlier callback of the transaction goes first")

_decode = msgspec.json.Decoder(Outgoing).decode


class Deliverer:
    """Sends callbacks of all accounts. Made inside the event loop. `jitter` answers a random number from 0 up to 1."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        client: OutgoingClient | None = None,
        *,
        receivers: Receivers | None = None,
        figures: Figures | None = None,
        on_delivered: OnDelivered | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.signatures = Signatures(store, clock)
        self._store = store
        self._clock = clock
        self._client = client or OutgoingClient()
        self._receivers = receivers or Receivers(store, clock)
        self._figures = figures or Figures(self._receivers)
        self._notes = Notes(store)
        self._on_delivered = on_delivered
        self._jitter = jitter

    async def deliver(self, task: DueTask) -> Outcome:
        """The worker's handler: one try, and the commit of what came of it."""
        outgoing, account_id = _read(task), task.account_id
        if outgoing is None:
            outcome = outcome_of(Result(fault="unreadable"), 1, self._clock(account_id), 0.0)
            await self._store.commit(self._dead(task, None, outcome))
            return outcome
        if await self._goes_later(task, outgoing):
            return await self._wait(task, outgoing)
        began, tries = self._clock(account_id), outgoing.attempts + 1
        result, signature = await self._send(account_id, outgoing, tries)
        outcome = outcome_of(result, tries, self._clock(account_id), self._jitter())
        self._figures.tried("callback", outcome)
        note = _note(task, outgoing, outcome, [_attempt(outgoing, outcome, began, signature)])
        if outcome.state == "retry":
            await self._notes.now(note)
            await self._store.commit(self._later(task, outcome))
        elif outcome.state == "dead":
            await self._notes.now(note)
            await self._store.commit(self._dead(task, outgoing, outcome))
        elif outgoing.attempts or task.tries > 1:  # listed as waiting, which a crash must not leave so for ever
            await self._notes.now(note)
            await self._delivered(task, outgoing, outcome)
        else:
            await self._delivered(task, outgoing, outcome)
            self._notes.later(note)
        return outcome

    async def close(self) -> None:
        await self._notes.close()
        await self._client.close()

    async def _goes_later(self, task: DueTask, outgoing: Outgoing) -> bool:
        if outgoing.transaction_event_id is None or outgoing.transaction_event_id in FIRST_EVENTS:
            return False
        others = [_decode(data) for data in await self._store.callbacks.owed_beside(task.account_id, task.id)]
        return any(goes_before(other, outgoing) for other in others)

    async def _wait(self, task: DueTask, outgoing: Outgoing) -> Outcome:
        """It was not tried: its tries stay as they are."""
        outcome = Outcome("retry", _BEHIND, self._clock(task.account_id) + wait_behind(task.tries))
        self._notes.later(_note(task, outgoing, outcome, []))
        await self._store.put_off([task], outcome.retry_at or task.due_at)
        return outcome

    async def _send(self, account_id: str, outgoing: Outgoing, tries: int) -> tuple[Result, str | None]:
        try:
            url = normalised(outgoing.url)
        except ValueError as error:
            return Result(fault="url", detail=str(error)), None
        signed = await self.signatures.header(account_id, outgoing.method, url)
        headers = {"event-delivery": outgoing.event_id, **signed}
        body = _body_bytes(outgoing)
        if body is not None:
            headers["Content-Type"] = "application/json"

        def send() -> Awaitable[Result]:
            return self._client.send(account_id, outgoing.method, url, headers, body, keep_answer=True)

        return await self._receivers.send(account_id, outgoing.url, tries, send), headers.get(HEADER)

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
            "result": msgspec.structs.replace(outcome.result, answer="", headers={}),
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


def _attempt(outgoing: Outgoing, outcome: Outcome, began: datetime, signature: str | None) -> DeliveryAttempt:
    result = outcome.result
    return DeliveryAttempt(
        at=began, url=outgoing.url, duration_ms=result.duration_ms, success=outcome.state == "delivered",
        status=result.status, fault=result.fault, detail=result.detail, answer=result.answer, headers=result.headers,
        signature=None if result.fault == "held" else signature,
    )  # fmt: skip


def _note(task: DueTask, outgoing: Outgoing, outcome: Outcome, attempts: list[DeliveryAttempt]) -> CallbackNote:
    data = task.data
    if outgoing.attempts:
        members = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        data = encode_text({name: value for name, value in members.items() if name != "attempts"})
    status = "waiting" if outcome.state == "retry" else outcome.state
    return CallbackNote(
        task.account_id, outgoing.event_id, task.id, event_of(outgoing), status, outgoing.attempts + len(attempts),
        task.due_at, data, encode_text(attempts),
    )  # fmt: skip
