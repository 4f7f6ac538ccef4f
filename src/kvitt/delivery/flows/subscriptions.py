"""Webhook subscriptions: made, shown, ended, given a new secret, pinged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from kvitt.accounts.sealing import seal, unseal
from kvitt.core.change import Change, Put, Row, Task, encode_text
from kvitt.core.clock import Clock
from kvitt.core.errors import NotFound
from kvitt.core.idempotency import Once
from kvitt.core.ids import new_uuid, new_uuids
from kvitt.delivery.model.webhooks import (
    HOOKS,
    HOOKS_ID,
    PING_TASK,
    Hooks,
    HookSecret,
    PingData,
    Subscription,
)
from kvitt.delivery.rules.refusals import TooManySubscriptions
from kvitt.delivery.rules.webhooks import rotated
from kvitt.store import Store

MOST_SUBSCRIPTIONS = 50
"""Of one account: every event is held against each."""


class Subscriptions:
    """`changed` is called when an account may have begun to subscribe."""

    def __init__(self, store: Store, clock: Clock, changed: Callable[[], None] = lambda: None) -> None:
        self._store = store
        self._clock = clock
        self._changed = changed

    async def create(
        self,
        account_id: str,
        url: str,
        events: tuple[str, ...],
        secret: HookSecret,
        *,
        active: bool,
        by: str,
        once: Once | None = None,
    ) -> Subscription:
        """Events committed from now on are delivered. Sends a ping. TooManySubscriptions when there are too many."""
        id, ping_id = new_uuids(2)

        async def decide() -> tuple[Change, Subscription]:
            row = await self._row(account_id)
            if len(row.doc.subscriptions) >= MOST_SUBSCRIPTIONS:
                raise TooManySubscriptions(f"The account has {MOST_SUBSCRIPTIONS} subscriptions, and may not have more")
            now, after = self._clock(account_id), await self._store.latest(account_id)
            made = Subscription(
                id=id, url=url, events=events, secrets=(secret,), active=active, created_at=now, created_by=by,
                updated_at=now, after=(after.epoch, after.xid, after.seq),
            )  # fmt: skip
            hooks = Hooks((*row.doc.subscriptions, made))
            return Change(puts=(_put(account_id, row, hooks),), tasks=(_ping(account_id, id, ping_id, now),)), made

        made = await self._store.decide(decide, once=_sealed(once))
        self._changed()
        return made

    async def list(self, account_id: str) -> tuple[Subscription, ...]:
        return (await self._row(account_id)).doc.subscriptions

    async def get(self, account_id: str, id: str) -> Subscription:
        return _found(await self._row(account_id), id)

    async def remove(self, account_id: str, id: str) -> Subscription:
        """Nothing more is delivered, not even what waits; answers what was removed."""

        async def decide() -> tuple[Change, Subscription]:
            row = await self._row(account_id)
            gone = _found(row, id)
            left = Hooks(tuple(each for each in row.doc.subscriptions if each.id != id))
            return Change(puts=(_put(account_id, row, left),)), gone

        return await self._store.decide(decide)

    async def rotate(
        self, account_id: str, id: str, secret: HookSecret, overlap: timedelta, once: Once | None = None
    ) -> Subscription:
        """A new secret; those before it sign beside it for `overlap` more."""

        async def decide() -> tuple[Change, Subscription]:
            row = await self._row(account_id)
            now = self._clock()  # not the account's: receivers hold signatures against their own watches
            renewed = rotated(_found(row, id), secret, now + overlap, now)
            hooks = Hooks(tuple(renewed if each.id == id else each for each in row.doc.subscriptions))
            return Change(puts=(_put(account_id, row, hooks),)), renewed

        return await self._store.decide(decide, once=_sealed(once))

    async def ping(self, account_id: str, id: str, once: Once | None = None) -> None:
        """Sends the subscription to itself, active or not."""
        ping_id = new_uuid()

        async def decide() -> tuple[Change, None]:
            await self.get(account_id, id)
            return Change(tasks=(_ping(account_id, id, ping_id, self._clock(account_id)),)), None

        await self._store.decide(decide, once=once)

    async def _row(self, account_id: str) -> Row[Hooks]:
        return await self._store.get(HOOKS, account_id, HOOKS_ID) or Row(0, Hooks())


def _found(row: Row[Hooks], id: str) -> Subscription:
    found = row.doc.find(id)
    if found is None:
        raise NotFound("The account has no such subscription")
    return found


def _put(account_id: str, row: Row[Hooks], hooks: Hooks) -> Put:
    return HOOKS.put(account_id, HOOKS_ID, hooks, row.version)


def _ping(account_id: str, id: str, ping_id: str, now: datetime) -> Task:
    return Task(account_id, f"hooks.ping:{ping_id}", PING_TASK, now, encode_text(PingData(id, ping_id)))


def _sealed(once: Once | None) -> Once | None:
    """The answer shows the secret, once: what is remembered of it is readable to who holds the key alone."""
    return None if once is None else once.sealed(seal, unseal)
