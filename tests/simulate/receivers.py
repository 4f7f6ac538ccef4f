"""The shops' endpoints: they take what is sent, or fail, or take it and say nothing, or are away for a while.

`Receivers` stands in the place of `delivery.client.OutgoingClient`. What arrived is written down as it came.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from kvitt.delivery.model.request import Result

if TYPE_CHECKING:
    from .world import World

PATIENCE = 10.0
"""As long as the real client waits."""


class Arrival(NamedTuple):
    """`id`: the `event-delivery`. `status`: what the shop answered, None when it never did."""

    id: str
    method: str
    url: str
    body: bytes
    status: int | None


@dataclass
class Receivers:
    world: World
    arrivals: list[Arrival] = field(default_factory=list)

    async def send(
        self,
        account_id: str,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes | None = None,
        *,
        keep_answer: bool = False,
    ) -> Result:
        world, faults, chance = self.world, self.world.faults, self.world.chance
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        id = headers["event-delivery"]
        host = url.partition("//")[2].partition("/")[0]
        if world.is_away(host) or chance.once_in(faults.receiver_away):
            world.later(0.02, _tell, answer, Result(fault="connection", duration_ms=20))
            return await answer
        if chance.once_in(faults.receiver_failing):
            status: int | None = 500
        elif chance.once_in(faults.receiver_silent):
            status = None
        else:
            status = 200
        taken = chance.between(0.01, 3.0 if chance.once_in(0.1) else 0.2)
        arrival = Arrival(id, method, url, body or b"", status)
        world.later(taken, self._arrives, arrival, answer, taken)
        return await answer

    async def close(self) -> None:
        """There is nothing to close."""

    def _arrives(self, arrival: Arrival, answer: asyncio.Future[Result], taken: float) -> None:
        self.arrivals.append(arrival)
        self.world.note("shop gets", arrival.url.partition("?")[0], arrival.id, arrival.status)
        self.world.arrived(arrival)
        if arrival.status is None:
            self.world.later(PATIENCE - taken, _tell, answer, Result(fault="timeout", duration_ms=10_000))
        else:
            result = Result(arrival.status, duration_ms=int(taken * 1000))
            self.world.later(self.world.latency(), _tell, answer, result)


def _tell(answer: asyncio.Future[Result], result: Result) -> None:
    if not answer.done():
        answer.set_result(result)
