"""One order's journey: what is known of it, and each thing that can be asked for on its way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bench.torture.calls import Caller, Told

GOOD = "4000000000000002"
DECLINED = "4100000000000076"
CARDS = {
    GOOD: 50,
    DECLINED: 5,
    "4100000000000001": 10,  # no answer to the authorization, which did not happen
    "4100000000000019": 12,  # no answer to a capture, which did
    "4100000000000027": 12,  # no answer to a refund, which did
    "4100000000000035": 6,  # no answer to an automatic capture, which did
    "4100000000000043": 8,  # no answer to a void, which did
}
_TRIES_WHEN_BUSY = 6


class Ended(Exception):
    """The journey cannot go on: something was refused, or nobody knows and there is no key to ask with."""


@dataclass
class Journey:
    """`told`: everything that was asked for, in the order in which the answers came. `way`: what was to be done."""

    account_id: str
    way: str = ""
    amounts: tuple[int, ...] = ()
    told: list[Told] = field(default_factory=list)
    draft_id: str = ""
    order_id: str = ""
    session_id: str = ""
    transaction_id: str = ""
    finished: bool = False

    @property
    def total(self) -> int:
        return sum(self.amounts)


class Desires:
    """What a shop and its customer may want for one journey. `sink`: where callbacks go."""

    def __init__(self, caller: Caller, sink: str) -> None:
        self._caller = caller
        self._chance = caller.chance
        self._sink = sink
        amounts = tuple(self._chance.randint(300, 60_000) for _ in range(self._chance.randint(1, 3)))
        self.journey = Journey(caller.account_id, amounts=amounts)

    async def _order(self) -> None:
        journey, mark = self.journey, self._caller.mark()
        items = [
            {
                "id": f"A{n}", "line_id": n, "gross_amount": amount, "quantity": 1, "description": "Stablestol",
                "tax_lines": [{"amount": amount // 5, "percentage": 25}],
            }
            for n, amount in enumerate(journey.amounts, 1)
        ]  # fmt: skip
        body = {
            "options": {"generate_order_id": "ALPHANUMERIC_9"},
            "order": {"currency": "NOK", "items": items, "metadata": {"mark": mark}},
        }
        draft = await self._must("draft", "POST", f"{self._shopping}/draft_orders", body, mark)
        journey.draft_id = draft.body["id"]
        path = f"{self._shopping}/draft_orders/{journey.draft_id}/complete"
        completed = await self._must("complete", "PUT", path, {})
        journey.order_id = completed.body["orders"][0]["order_id"]

    async def _operate_order(self, verb: str, lines: Sequence[int]) -> Told:
        journey, mark = self.journey, self._caller.mark()
        body = {
            "items": [{"line_id": line, "amount": journey.amounts[line - 1]} for line in lines],
            "payment_details": {"payment_id": journey.transaction_id},
            "metadata": {"mark": mark},
        }
        amount = sum(journey.amounts[line - 1] for line in lines)
        path = f"{self._shopping}/orders/{journey.order_id}/{verb}"
        return await self._ask(f"order {verb}", "POST", path, body, mark, amount=amount)

    async def _session(self) -> None:
        journey, mark = self.journey, self._caller.mark()
        options = "report_error=true&report_event=CAPTURE&report_event=REFUND&report_event=VOID"
        options += self._chance.choice(("", "&method=POST", "&method=POST&includes=session"))
        body: dict[str, Any] = {
            "url": {"return_url": f"{self._sink}/thanks", "callback_url": f"{self._sink}/callback?{options}"},
            "order": {"amount": journey.total, "currency": "NOK", "merchant_reference": mark},
        }
        if self._chance.random() < 0.15:
            journey.way = "automatic"
            body["configuration"] = {"auto_capture": True, "dintero_psp": {"creditcard": {"enabled": True}}}
            path = "/v1/sessions"
        else:
            body["profile_id"] = "default"
            path = "/v1/sessions-profile"
        journey.session_id = (await self._must("session", "POST", path, body, mark)).body["id"]

    async def _try_card(self, number: str) -> None:
        body = {
            "payment_product_type": "dintero_psp.creditcard",
            "card": {"number": number, "expiry": "12/39", "cvc": "123"},
        }
        path = f"/v1/sessions/{self.journey.session_id}/pay"
        told = await self._ask("pay", "POST", path, body, amount=self.journey.total, customer=True, patient=False)
        if told.outcome == "done":
            self.journey.transaction_id = told.body["transaction_id"]

    async def _is_paid(self) -> bool:
        """What the page shows, once it knows."""
        while True:
            view = await self._caller.get(f"/v1/view/{self.journey.session_id}/session", customer=True)
            if view["state"] == "paid":
                self.journey.transaction_id = parse_qs(urlsplit(view["href"]).query)["transaction_id"][0]
                return True
            if view["state"] not in ("paying", "unknown", "locked"):
                return False
            await asyncio.sleep(0.5)

    async def _money(self, verb: str, amount: int, *, final: bool = False) -> Told:
        mark = self._caller.mark()
        body: dict[str, Any] = {"amount": amount, f"{verb}_reference": mark}
        if final:
            body["final_capture"] = True
        path = f"/v1/transactions/{self.journey.transaction_id}/{verb}"
        return await self._ask(verb, "POST", path, body, mark, amount=amount)

    async def _void(self) -> Told:
        path = f"/v1/transactions/{self.journey.transaction_id}/void"
        return await self._ask("void", "POST", path, {}, amount=self.journey.total)

    async def _must(self, kind: str, method: str, path: str, body: Any, mark: str = "") -> Told:
        told = await self._ask(kind, method, path, body, mark)
        if told.outcome != "done":
            raise Ended
        return told

    async def _ask(
        self,
        kind: str,
        method: str,
        path: str,
        body: Any,
        mark: str = "",
        *,
        amount: int = 0,
        customer: bool = False,
        patient: bool = True,
    ) -> Told:
        """`patient`: asked again a few times while another operation is in the way, when it has a key."""
        mark = mark or self._caller.mark()
        for _ in range(_TRIES_WHEN_BUSY):
            told = await self._caller.call(kind, method, path, body, mark, amount=amount, customer=customer)
            if told.outcome != "busy" or not (patient and told.keyed):
                break
            await asyncio.sleep(self._chance.uniform(0.2, 1.0))
        self.journey.told.append(told)
        return told

    @property
    def _shopping(self) -> str:
        return f"/v1/accounts/{self.journey.account_id}/shopping"
