"""Shops and customers: each request is pressed by somebody with a temper. Some press twice, retry, or walk away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from kvitt.checkout.model.payment import Operation
from kvitt.orders.model import OperationItem, Verb

from . import requests
from .requests import Request
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
        self._number = 0

    def act(self) -> bool:
        """Somebody does something that is possible now; False when the one that was drawn has nothing to do it to."""
        chance = self._world.chance
        request = getattr(self, f"_{self._world.drawn_action()}")()
        if request is None:
            return False
        if request.kind != "visit" and chance.once_in(self._world.faults.keyed):
            request.key = f"key of {request.reference}"
        self.asked.append(request)
        for _ in range(2 if chance.once_in(self._world.faults.double) and request.key else 1):
            self.busy += 1
            self._world.loop.create_task(self._press(request))
        return True

    async def _press(self, request: Request) -> None:
        try:
            for tries in range(MOST_TRIES):
                again = await self._try(request, tries)
                if not again:
                    return
                await asyncio.sleep(self._world.chance.between(0.2, 4.0))
        finally:
            self.busy -= 1

    async def _try(self, request: Request, tries: int) -> bool:
        """One request and what came of it; whether to send it again."""
        world, chance = self._world, self._world.chance
        server = world.any_server()
        if server is None:
            return True
        world.note("asks", request.name, server.owner.name, request.key)
        once = request.once()
        connection, work = server.serve(lambda server: request.flow(server, once))
        if chance.once_in(world.faults.cut_off):
            world.later(chance.between(0.0, 2.0), work.cancel)
        try:
            answer = await asyncio.wait_for(connection, PATIENCE)
        except (Gone, TimeoutError):
            answer = None
        request.answers.append(answer)
        world.note("is told", request.name, "nothing" if answer is None else answer.status)
        if request.key is None:
            return False
        if answer is None or answer.status == 503 or _is_under_way(answer.body):
            return world.settling or tries < 3 or chance.once_in(0.7)
        return answer.status < 500 and chance.once_in(world.faults.pressed_again) and tries < 3

    # what may be asked; None when there is nothing to ask it of

    def _next(self, word: str) -> str:
        self._number += 1
        return f"{word}-{self._number}"

    def _create_session(self) -> Request | None:
        account_id = self._world.chance.one_of(self._world.accounts)
        now = self._world.clock(account_id)
        return requests.create_session(self._world.chance, account_id, self._next("session"), now)

    def _pay(self) -> Request | None:
        known = self._recent(self._world.sessions, lambda record: "transaction_id" not in record["session"])
        if known is None:
            return None
        session = self._world.document("sessions", *known)["session"]
        groups = session["configuration"]
        product = next(name for name in requests.PRODUCTS if name.partition(".")[0] in groups)
        return requests.pay(*known, product, self._next("pay"))

    def _abandon(self) -> Request | None:
        known = self._recent(self._world.sessions)
        return None if known is None else requests.abandon(*known, self._next("abandon"))

    def _visit(self) -> Request | None:
        known = self._recent(self._world.sessions)
        return None if known is None else requests.visit(*known, self._next("visit"))

    def _cancel_session(self) -> Request | None:
        known = self._recent(self._world.sessions)
        return None if known is None else requests.cancel_session(*known, self._next("cancel"))

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
        reference = self._next(verb)
        amount = None if verb == "void" else self._world.chance.one_of(parts)
        operation = Operation(verb, amount, reference if amount else None, final=final)
        return requests.operate(*known, operation, reference)

    def _create_draft(self) -> Request | None:
        chance = self._world.chance
        account_id, order = chance.one_of(self._world.accounts), None
        if chance.once_in(0.3) and (known := self._recent(self._world.orders)) is not None:
            account_id, order = known[0], self._world.document("orders", *known)["order"]
        return requests.create_draft(chance, account_id, self._next("draft"), order)

    def _complete_draft(self) -> Request | None:
        known = self._recent(self._world.drafts)
        return None if known is None else requests.complete_draft(*known, self._next("complete"))

    def _register(self) -> Request | None:
        known = self._recent(self._world.orders)
        if known is None:
            return None
        chance = self._world.chance
        record = self._world.document("orders", *known)
        order = record["order"]
        verb = chance.one_of((Verb.AUTHORIZE, Verb.AUTHORIZE, Verb.CAPTURE, Verb.CAPTURE, Verb.REFUND, Verb.CANCEL))
        lines = [item for item in order["items"] if chance.once_in(0.6)] or order["items"][:1]
        items = tuple(
            OperationItem(line_id=item["line_id"], amount=_part(chance.below(4), int(item["net_amount"])))
            for item in lines
        )
        authorization = None
        if record.get("multiple_authorizations") and order["authorizations"]:
            authorization = chance.one_of(order["authorizations"])["id"]
        name = order["order_id"] if chance.once_in(0.5) else order["id"]
        return requests.register(
            known[0], name, verb, items, authorization, self._next(verb.value), success=not chance.once_in(0.1)
        )

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
            known = [each for each in known[-12:] if able(self._world.document(table, *each))] or known
        return chance.one_of(known[-4:]) if chance.once_in(0.8) else chance.one_of(known)


def _part(which: int, whole: int) -> int:
    return (whole, whole // 2, whole, whole + 1)[which]


def _is_under_way(body: msgspec.Raw) -> bool:
    return b"REQUEST_UNDER_WAY" in bytes(body)
