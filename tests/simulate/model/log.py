"""Versions and events: what is written is told, in an order that a reader can trust."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvitt.core.change import Change

from .violation import Violation

if TYPE_CHECKING:
    from ..world import World


class Log:
    def __init__(self) -> None:
        self.read: dict[str, list[str]] = {}
        """What a reader of each account's feed got, by the event's id."""
        self._versions: dict[tuple[str, str, str], int] = {}
        self._told: dict[tuple[str, str, str], int] = {}
        self._ids: set[str] = set()

    def committed(self, change: Change) -> None:
        for put in change.puts:
            key = (put.table, put.account_id, put.id)
            stands = self._versions.get(key, 0)
            if put.version != stands:
                raise Violation("versions-rise-by-one", f"{key} is at {stands}, written over version {put.version}")
            self._versions[key] = stands + 1
        for event in change.events:
            if event.id in self._ids:
                raise Violation("change-tells-an-event", f"two events have the id {event.id}")
            self._ids.add(event.id)
            key = (event.object_type, event.account_id, event.object_id)
            if event.object_type == "delivery":
                continue
            table = f"{event.object_type}s"
            stands = self._versions.get((table, event.account_id, event.object_id), 0)
            if event.version != stands:
                raise Violation("change-tells-an-event", f"{event.type} tells of version {event.version} of {stands}")
            if event.version < self._told.get(key, 0):
                raise Violation("change-tells-an-event", f"{event.type} of {key} goes back to version {event.version}")
            self._told[key] = event.version

    def settled(self, world: World) -> None:
        """Who read the feed from the beginning, page by page while it grew, has all of it in its order."""
        for account_id, lines in world.database.log.items():
            whole = [line.event.id for line in lines]
            read = world.readers[account_id].read
            if read != whole:
                place = next((n for n, (a, b) in enumerate(zip(read, whole, strict=False)) if a != b), len(read))
                missing = lines[place].event.type if place < len(lines) else "nothing"
                raise Violation(
                    "feed-never-skips",
                    f"{account_id}: {len(read)} of {len(whole)} events, the first fault at {place}: {missing}",
                )


def told(change: Change, object_id: str, *types: str) -> bool:
    """Whether the change tells of this object, with one of these types."""
    return any(event.object_id == object_id and event.type in types for event in change.events)
