"""Shops and customers: each request is pressed by somebody with a temper. Some press twice, retry, or walk away.

Here those of the checkout; `clerks.py` works with drafts and orders.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from kvitt.checkout.flows import UpdateOptions
from kvitt.checkout.model.payment import Operation
from kvitt.core.reply import Reply

from . import requests
from .clerks import SHOPPING, Clerks
from .requests import Request, Try
from .server import Gone

if TYPE_CHECKING:
    from .world import World

PATIENCE = 40.0
"""Seconds that a caller waits for an answer."""
MOST_TRIES = 60
_RESERVED = ("AUTHORIZED", "PARTIALLY_CAPTURED", "PARTIALLY_CAPTURED_REFUNDED")
_CAPTURED = ("CAPTURED", "PARTIALLY_CAPTURED", "PARTIALLY_CAPTURED_REFUNDED", "PARTIALLY_REFUNDED")


class Callers:
    def __init__(self, world: World) -> None:
        self.asked: list[Request] = []
        self.busy = 0
        self._world = world
        self._clerks = Clerks(world, self.next_reference)
        self._number = 0

    def act(self) -> bool:
        """Somebody does something that is possible now; False when the one that was drawn has nothing to do it to."""
        chance = self._world.chance
        action = self._world.drawn_action()
        request = getattr(self._clerks, action)() if action in SHOPPING else getattr(self, f"_{action}")()
        if request is None:
            return False
        self._begin(request)
        if request.kind == "complete_draft" and chance.once_in(0.3):
            self._begin(self._clerks.complete_again(request))
        return True

    def _begin(self, request: Request) -> None:
        chance = self._world.chance
        if request.takes_key and chance.once_in(self._world.faults.keyed):
            request.key = f"key of {request.reference}"
        self.asked.append(request)
        for _ in range(2 if chance.once_in(self._world.faults.double) and request.key else 1):
            self.busy += 1
            self._world.loop.create_task(self._press(request))

    async def _press(self, request: Request) -> None:
        try:
            for tries in range(MOST_TRIES):
                again = await self._try(request, tries)
                if not again:
                    self._go_on(request)
                    return
                await asyncio.sleep(self._world.chance.between(0.2, 4.0))
        finally:
            self.busy -= 1

    def _go_on(self, request: Request) -> None:
        """With what comes next, once."""
        answer, then = request.answers[-1], request.then
        if answer is not None and then is not None and (following := then(answer)) is not None:
            request.then = None
            self._begin(following)

    async def _try(self, request: Request, tries: int) -> bool:
        """One request and what came of it; whether to send it again."""
        world, chance = self._world, self._world.chance
        server = world.any_server()
        if server is None:
            return True
        world.note("asks", request.name, server.owner.name, request.key)
        once, attempt = request.once(), Try(request)
        connection, work = server.serve(lambda server: request.flow(server, once), attempt)
        if chance.once_in(world.faults.cut_off):
            world.later(chance.between(0.0, 2.0), work.cancel)
        try:
            answer = await asyncio.wait_for(connection, PATIENCE)
        except (Gone, TimeoutError):
            answer = None
        request.answers.append(answer)
        world.answered(attempt, answer)
        world.note("is told", request.name, "nothing" if answer is None else answer.status)
        if request.key is None:
            return False
        if answer is None or answer.status == 503 or _is_under_way(answer.body):
            return world.settling or tries < 3 or chance.once_in(0.7)
        return answer.status < 500 and chance.once_in(world.faults.pressed_again) and tries < 3

    # what may be asked; None when there is nothing to ask it of

    def next_reference(self, word: str) -> str:
        self._number += 1
        return f"{word}-{self._number}"

    def _create_session(self) -> Request | None:
        account_id = self._world.chance.one_of(self._world.accounts)
        now = self._world.clock(account_id)
        return requests.create_session(self._world.chance, account_id, self.next_reference("session"), now)

    def _pay(self) -> Request | None:
        known = self._recent(self._world.sessions, lambda record: "transaction_id" not in record["session"])
        if known is None:
            return None
        session = self._world.document("sessions", *known)["session"]
        groups = session["configuration"]
        product = next(name for name in requests.PRODUCTS if name.partition(".")[0] in groups)
        return requests.pay(*known, product, self.next_reference("pay"))

    def _abandon(self) -> Request | None:
        known = self._recent(self._world.sessions)
        return None if known is None else requests.abandon(*known, self.next_reference("abandon"))

    def _visit(self) -> Request | None:
        known = self._recent(self._world.sessions)
        return None if known is None else requests.visit(*known, self.next_reference("visit"))

    def _cancel_session(self) -> Request | None:
        known = self._recent(self._world.sessions)
        return None if known is None else requests.cancel_session(*known, self.next_reference("cancel"))

    def _update_session(self) -> Request | None:
        """Mostly by the protocol: the page locks, the shop updates, and the customer goes on to pay."""
        known = self._recent(self._world.sessions, lambda record: "transaction_id" not in record["session"])
        if known is None:
            return None
        chance = self._world.chance
        amount = chance.one_of((100, 7000, 29_990, 45_000))
        if chance.once_in(0.3):
            options = UpdateOptions(without_lock=True)
            return requests.update_session(*known, amount, options, self.next_reference("update"))
        stays = chance.once_in(0.2)

        def then(locked: Reply) -> Request | None:
            if locked.status != 200 or chance.once_in(0.2):
                return None
            return requests.update_session(
                *known, amount, UpdateOptions(), self.next_reference("update"), remove_lock=not stays
            )

        asked = requests.lock_session(*known, self.next_reference("lock"))
        asked.then = then
        return asked

    def _capture(self) -> Request | None:
        final = self._world.chance.once_in(0.15)
        return self._operate("capture", final=final)

    def _refund(self) -> Request | None:
        return self._operate("refund")

    def _void(self) -> Request | None:
        return self._operate("void")

    def _operate(self, verb: Any, *, final: bool = False) -> Request | None:
        able = _CAPTURED if verb == "refund" else _RESERVED
        known = self._recent(self._world.transactions, lambda record: record["transaction"]["status"] in able)
        if known is None:
            return None
        whole = int(self._world.document("transactions", *known)["transaction"]["amount"])
        parts = (whole, whole, max(1, whole // 2), max(1, whole // 3), max(1, whole - 1), 1, whole + 1)
        reference = self.next_reference(verb)
        amount = None if verb == "void" else self._world.chance.one_of(parts)
        operation = Operation(verb, amount, reference if amount else None, final=final)
        return requests.operate(*known, operation, reference)

    def _recent(
        self, known: list[tuple[str, str]], able: Callable[[Any], bool] | None = None
    ) -> tuple[str, str] | None:
        """One of those that were made, mostly of the last few and one that is `able`: what happens at once is what
        goes wrong, and refusals are soon seen."""
        if not known:
            return None
        chance = self._world.chance
        if able is not None and chance.once_in(0.9):
            table = "sessions" if known is self._world.sessions else "transactions"
            known = [each for each in known[-12:] if able(self._world.document(table, *each))]
            if not known:
                return None
        return chance.one_of(known[-4:]) if chance.once_in(0.8) else chance.one_of(known)


def _is_under_way(body: msgspec.Raw) -> bool:
    return b"REQUEST_UNDER_WAY" in bytes(body)
