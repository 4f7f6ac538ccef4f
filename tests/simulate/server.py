"""One server process: kvitt's real parts on a simulated store, in a context of their own, so that it can be killed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import TYPE_CHECKING, Any, cast

from kvitt.checkout.flows import Checkout
from kvitt.core.errors import Refusal
from kvitt.core.idempotency import Replayed
from kvitt.core.reply import Reply, refusal_body, reply
from kvitt.delivery.flows.callbacks import Deliverer, receiver_of
from kvitt.delivery.flows.fanout import FanOut
from kvitt.delivery.flows.feed import Feed
from kvitt.delivery.flows.figures import Figures
from kvitt.delivery.flows.receivers import Receivers
from kvitt.delivery.flows.subscriptions import Subscriptions
from kvitt.delivery.flows.webhooks import Webhooks, subscription_of
from kvitt.delivery.model.webhooks import DELIVER_TASK
from kvitt.delivery.wire.subscriptions import shown
from kvitt.orders.flows import Orders
from kvitt.worker import Worker
from kvitt.worker.lanes import Limits

from .loop import OWNER, Owner
from .store import ASKED, SimulatedStore

if TYPE_CHECKING:
    from .requests import Try
    from .world import World

POLL_SECONDS = 5.0
"""Between looks for what other processes made. Shorter ones would fill a history with looking in vain."""

Flow = Callable[["Server"], Awaitable[Any]]


class Gone(Exception):
    """The connection broke: the server died, or the answer got lost."""


class Server:
    """`serve` answers requests; `kill` ends it as kill -9 does."""

    def __init__(self, world: World, name: str) -> None:
        self.owner = Owner(name)
        self.unforeseen: list[BaseException] = []
        self._world = world
        self._context = Context()
        self._connections: dict[asyncio.Future[Reply], None] = {}
        self._context.run(self._build)

    def _build(self) -> None:
        OWNER.set(self.owner)
        world, clock, chance = self._world, self._world.clock, self._world.chance
        self.store = store = SimulatedStore(world, self.owner)
        client = cast(Any, world.receivers)
        self.checkout = Checkout(store, clock, {"sandbox": world.provider}, "https://kvitt.test")
        self.orders = Orders(store, clock)
        receivers = Receivers(store, clock)
        both: dict[str, Any] = {"receivers": receivers, "figures": Figures(receivers), "jitter": chance.random}
        self.deliverer = Deliverer(store, clock, client, on_delivered=self.checkout.callback_sent, **both)
        self.feed = Feed(store, clock, poll_seconds=POLL_SECONDS)
        self.fan_out = FanOut(store, clock, self.feed, {"draft": self.orders.draft, "order": self.orders.order})
        self.subscriptions = Subscriptions(store, clock, self.fan_out.look)
        webhooks = Webhooks(store, clock, client, shown, **both)
        self.worker = Worker(
            store,
            clock,
            handlers={
                **self.checkout.task_handlers(),
                **self.orders.task_handlers(),
                "checkout.callback": self.deliverer.deliver,
                **webhooks.task_handlers(),
            },
            lanes={"checkout.callback": receiver_of, DELIVER_TASK: subscription_of},
            limits=Limits(poll=POLL_SECONDS),
        )
        self.worker.start()
        self.fan_out.start()

    @property
    def busy(self) -> bool:
        """Whether its worker holds tasks."""
        return self.worker._lanes.held > 0

    def serve(self, flow: Flow, attempt: Try | None = None) -> tuple[asyncio.Future[Reply], asyncio.Task[None]]:
        """The connection on which the answer comes, or Gone; and the work, which may be cancelled."""
        connection: asyncio.Future[Reply] = self._world.loop.create_future()
        self._connections[connection] = None
        work = self._context.run(self._start, flow, connection, attempt)
        return connection, work

    def kill(self) -> None:
        self.owner.alive = False
        for connection in self._connections:
            self._world.later(0.01, _break, connection)
        self._connections.clear()

    def _start(self, flow: Flow, connection: asyncio.Future[Reply], attempt: Try | None) -> asyncio.Task[None]:
        return self._world.loop.create_task(self._work(flow, connection, attempt))

    async def _work(self, flow: Flow, connection: asyncio.Future[Reply], attempt: Try | None) -> None:
        world = self._world
        ASKED.set(attempt)
        try:
            answer = await self._answer(flow)
        except asyncio.CancelledError:
            self._connections.pop(connection, None)
            world.later(0.01, _break, connection)
            raise
        self._connections.pop(connection, None)
        if world.chance.once_in(world.faults.reply_lost):
            world.later(0.01, _break, connection)
        else:
            world.later(world.latency(), _tell, connection, answer)

    async def _answer(self, flow: Flow) -> Reply:
        """What `web` makes of a flow: an answer, the same answer as before, or the body of a refusal."""
        try:
            made = await flow(self)
        except Replayed as replayed:
            return replayed.reply
        except Refusal as refusal:
            return reply(refusal_body(refusal), refusal.status)
        except Exception as error:
            self._world.unforeseen.append(error)
            return reply({"error": type(error).__name__}, 500)
        return made if isinstance(made, Reply) else reply(made)


def _tell(connection: asyncio.Future[Reply], answer: Reply) -> None:
    if not connection.done():
        connection.set_result(answer)


def _break(connection: asyncio.Future[Reply]) -> None:
    if not connection.done():
        connection.set_exception(Gone())
