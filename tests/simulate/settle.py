"""The two ends of a history: what stands before anything happens, and letting everything settle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvitt.delivery.model.webhooks import HookSecret
from kvitt.delivery.rules.notices import DELIVERED_EVENTS

from .chance import BEGIN
from .faults import Faults
from .model.violation import Violation

if TYPE_CHECKING:
    from .model import Model
    from .server import Server
    from .world import World

MOST_ROUNDS = 400
MOST_STEPS = 20_000
QUIET_SECONDS = 13.0
"""More than two polls: who has nothing to do for so long has nothing to do."""


def set_up(world: World) -> None:
    """Each account subscribes to webhooks, before anything goes wrong."""
    faults, world.faults = world.faults, Faults.none()
    for account_id in world.accounts:
        server = world.any_server()
        assert server is not None
        events = tuple(event for event in DELIVERED_EVENTS if world.chance.once_in(0.8)) or DELIVERED_EVENTS

        async def subscribe(server: Server, account_id: str = account_id, events: tuple[str, ...] = events) -> None:
            await server.subscriptions.create(
                account_id, f"https://{account_id.lower()}.test/hook", events, HookSecret("HMAC-SHA1", "secret"),
                active=True, by="shop",
            )  # fmt: skip

        connection, _ = server.serve(subscribe)
        if not world.run_until(connection.done, 1000) or connection.result().status != 200:
            raise Violation("nothing-unforeseen", f"{account_id} could not subscribe: {connection}")
    world.faults = faults
    for reader in world.readers.values():
        world.begin(reader.keep_on())


def settle(world: World, model: Model) -> None:
    """Faults are off and whoever waits is answered; then time goes on to each task that is left, until none is."""
    world.be_kind()
    if not world.run_until(lambda: world.callers.busy == 0 and world.all_up(), MOST_STEPS):
        raise Violation("nothing-is-left", "callers are never answered")
    model.callers_are_done()
    for _ in range(MOST_ROUNDS):
        model.after_step()
        if not world.run_until(world.idle, MOST_STEPS):
            raise Violation("nothing-is-left", "the servers never come to rest")
        due = world.database.next_due()
        if due is None:
            if _stays_quiet(world):
                break
        else:  # a clock that tells milliseconds must be past it
            world.loop.now = max(world.loop.now, (due - BEGIN).total_seconds() + 0.002)
    else:
        key = next(iter(world.database.tasks))
        raise Violation("nothing-is-left", f"tasks never end, {key[1]} for one")
    model.settled()


def _stays_quiet(world: World) -> bool:
    """For a while: somebody may have to read on before there is a task again."""
    until = world.loop.now + QUIET_SECONDS
    world.run_until(lambda: world.loop.now >= until, MOST_STEPS)
    return world.idle() and not world.database.tasks
