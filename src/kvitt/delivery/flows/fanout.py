"""From the log to what webhooks owe.

The events of accounts that subscribe are followed as any reader of the feed follows them. What they cause is owed in
one commit with the place that was read up to, so an event causes its deliveries once, however many servers do this and
whenever one of them dies. Accounts without a subscription cost nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, suppress

import msgspec
import structlog

from kvitt.core.clock import Clock
from kvitt.core.errors import NotFound, Unavailable
from kvitt.core.ids import new_uuid
from kvitt.core.reply import encode
from kvitt.delivery.flows.feed import Feed
from kvitt.delivery.model.webhooks import HOOKS, HOOKS_ID, Subscription
from kvitt.delivery.rules.notices import Notice, envelope, notices
from kvitt.store import Cursor, Entry, Owed, Store

log = structlog.get_logger("kvitt.delivery")

Load = Callable[[str, str], Awaitable[msgspec.Struct]]
"""A document by account and id, as the API shows it; raises NotFound."""

LOOK_SECONDS = 1.0
"""How soon a subscription that another server made is noticed."""
YIELD_SECONDS = 0.5
"""How long to leave an account alone after another server was quicker."""


class FanOut:
    """`documents`: how to load an object of a type that events name but do not hold."""

    def __init__(self, store: Store, clock: Clock, feed: Feed, documents: Mapping[str, Load]) -> None:
        self._store = store
        self._clock = clock
        self._feed = feed
        self._documents = documents
        self._look = asyncio.Event()
        self._followed: dict[str, asyncio.Task[None]] = {}
        self._work: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._work = asyncio.create_task(self._run())

    def look(self) -> None:
        """An account may have begun to subscribe."""
        self._look.set()

    async def close(self) -> None:
        ending = [*self._followed.values(), *([self._work] if self._work is not None else [])]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            self._look.clear()
            try:
                self._follow(set(await self._store.deliveries.followers()))
            except Exception as error:  # the database is away; what is followed goes on by itself
                log.warning("webhook subscriptions cannot be read", reason=type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._look.wait(), LOOK_SECONDS)

    def _follow(self, wanted: set[str]) -> None:
        for account_id in sorted(self._followed.keys() - wanted):
            self._followed.pop(account_id).cancel()
        for account_id in sorted(wanted - self._followed.keys()):
            self._followed[account_id] = asyncio.create_task(self._keep_on(account_id))

    async def _keep_on(self, account_id: str) -> None:
        while True:
            try:
                with suppress(Unavailable):  # the database is away, or the server stops: the feed says which
                    await self._read_on(account_id)
            except Exception as error:
                log.warning("webhooks cannot be fanned out", account_id=account_id, reason=repr(error))
            await asyncio.sleep(YIELD_SECONDS)

    async def _read_on(self, account_id: str) -> None:
        """Until another server turns out to be quicker, or the feed ends. The place is kept only now and then while
        nothing is owed: what caused nothing may be read again."""
        subscriptions = await self._subscriptions(account_id)
        if not subscriptions:
            return
        stored = await self._store.deliveries.cursor(account_id)
        begin = max(stored, min(Cursor(*each.after) for each in subscriptions))
        async with aclosing(await self._feed.follow(account_id, begin, bounded=False)) as news:
            async for entries, cursor, _ in news:
                owed = await self._owed(account_id, entries) if entries else []
                if not owed and (entries or cursor == stored):
                    continue
                if not await self._store.deliveries.fan_out(account_id, stored, cursor, owed, self._clock(account_id)):
                    return
                stored = cursor

    async def _owed(self, account_id: str, entries: Sequence[Entry]) -> list[Owed]:
        # After the events: whoever subscribes later than this did so after they were committed.
        subscriptions = await self._subscriptions(account_id)
        wanted = frozenset(event for each in subscriptions for event in each.events)
        owed: list[Owed] = []
        for entry in entries:
            for notice in _notices(entry):
                if notice.event not in wanted:
                    continue
                members = await self._members(account_id, notice, entry)
                if members is not None:
                    owed += _each(account_id, subscriptions, entry, notice.event, members)
        return owed

    async def _members(self, account_id: str, notice: Notice, entry: Entry) -> dict[str, msgspec.Raw] | None:
        if notice.loads is None:
            return notice.members
        try:
            document = await self._documents[notice.loads](account_id, entry.event.object_id)
        except NotFound:
            return None
        return {**notice.members, notice.loads: msgspec.Raw(encode(document))}

    async def _subscriptions(self, account_id: str) -> list[Subscription]:
        row = await self._store.get(HOOKS, account_id, HOOKS_ID)
        return [each for each in row.doc.subscriptions if each.active] if row is not None else []


def _notices(entry: Entry) -> tuple[Notice, ...]:
    try:
        return notices(entry.event)
    except msgspec.MsgspecError as error:  # one event that cannot be read must not stop all that follow
        log.error("an event causes no webhooks", event_id=entry.event.id, type=entry.event.type, reason=str(error))
        return ()


def _each(
    account_id: str,
    subscriptions: Sequence[Subscription],
    entry: Entry,
    event: str,
    members: dict[str, msgspec.Raw],
) -> list[Owed]:
    """A delivery for everyone who asked for this event before it happened."""
    lane = f"{entry.event.object_type}:{entry.event.object_id}"
    owed = []
    for subscription in subscriptions:
        if event in subscription.events and entry.cursor > Cursor(*subscription.after):
            id = new_uuid()
            owed.append(Owed(id, subscription.id, lane, event, envelope(account_id, event, id, members)))
    return owed
