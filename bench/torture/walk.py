"""What shops and customers do: one order from its draft on, by a way that chance chooses."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from bench.torture.calls import Caller
from bench.torture.journey import DECLINED, GOOD, Desires, Ended


class Walk(Desires):
    """One journey being made. `cards`: what customers pay with, by how often."""

    def __init__(self, caller: Caller, sink: str, cards: Mapping[str, int]) -> None:
        super().__init__(caller, sink)
        self._cards = cards

    async def run(self) -> None:
        try:
            await self._order()
            await self._session()
            await self._pay_or_not()
            self.journey.finished = True
        except Ended:
            pass

    async def _pay_or_not(self) -> None:
        ending = self._chance.random()
        if ending < 0.04:
            await self._ask("cancel", "POST", f"/v1/sessions/{self.journey.session_id}/cancel", {})
            return
        cards = [self._chance.choices(list(self._cards), list(self._cards.values()))[0], GOOD]
        if ending < 0.08:
            cards = [DECLINED]
        await self._pay(cards)
        if ending < 0.08:
            path = f"/v1/view/{self.journey.session_id}/session/abandon"
            await self._ask("abandon", "POST", path, {}, customer=True)
            return
        await self._operate_order("authorizations", self._all_lines)
        await self._after_payment()

    async def _pay(self, cards: Sequence[str]) -> None:
        """Card after card until one goes through; now and then from two tabs at once."""
        for card in cards:
            tabs = [card, GOOD] if self._chance.random() < 0.1 else [card]
            await asyncio.gather(*(self._try_card(each) for each in tabs))
            if await self._is_paid():
                return
        if cards[-1] == GOOD:
            raise Ended

    async def _after_payment(self) -> None:
        journey, total = self.journey, self.journey.total
        if journey.way != "automatic":
            ways = {"whole": 30, "parts": 25, "final": 10, "void": 12, "race": 8, "cancel": 5, "leave": 10}
            journey.way = self._chance.choices(list(ways), list(ways.values()))[0]
        if journey.way == "whole":
            await self._must_money("capture", total)
            await self._on_each_line("captures")
            await self._refunds(total)
        elif journey.way == "parts":
            part = total // 3
            await asyncio.gather(*(self._money("capture", part) for _ in range(4)))
            await self._refunds(3 * part)
        elif journey.way == "final":
            await self._must_money("capture", total // 2, final=True)
            await self._refunds(total // 2)
        elif journey.way == "void":
            await self._void()
            await self._operate_order("cancellations", self._all_lines)
        elif journey.way == "race":
            await asyncio.gather(self._money("capture", total), self._void(), self._money("capture", total))
        elif journey.way == "cancel":
            await self._ask("cancel", "POST", f"/v1/sessions/{journey.session_id}/cancel", {})
        elif journey.way == "automatic":
            await self._refunds(total)

    async def _refunds(self, captured: int) -> None:
        """Nothing, all at once, or halves of which there is one too many."""
        how = self._chance.random()
        if how < 0.3:
            return
        if how < 0.6:
            await self._money("refund", captured)
            await self._on_each_line("refunds")
        else:
            await asyncio.gather(*(self._money("refund", captured // 2) for _ in range(3)))

    async def _must_money(self, verb: str, amount: int, *, final: bool = False) -> None:
        if (await self._money(verb, amount, final=final)).outcome != "done":
            raise Ended

    async def _on_each_line(self, verb: str) -> None:
        """Line by line, all at once, and one of them once more: that one has to be refused."""
        again = self._chance.choice(self._all_lines)
        await asyncio.gather(*(self._operate_order(verb, [line]) for line in [*self._all_lines, again]))

    @property
    def _all_lines(self) -> range:
        return range(1, len(self.journey.amounts) + 1)
