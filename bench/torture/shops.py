"""Accounts with keys and webhooks, and the shops that work on them without a rest until they are told to end."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bench.torture.calls import Caller, Tally
from bench.torture.heard import EVENTS
from bench.torture.journey import Journey
from bench.torture.walk import Walk
from kvitt.app import opened
from kvitt.config import Config

SCOPES = ("admin:checkout", "admin:shopping", "admin:hooks", "admin:accounts")
_WANTED = (EVENTS, ("checkout_transaction",), ("shopping_order_update", "checkout_authorization"))
"""What the subscriptions of each account ask for."""


@dataclass
class Shop:
    """`hooks`: the subscriptions' ids with the events they asked for."""

    account_id: str
    token: str
    hooks: dict[str, frozenset[str]] = field(default_factory=dict)

    async def move_clock(self, http: aiohttp.ClientSession, advance: str) -> None:
        """Everything that waits for a time in the account follows. `advance`: an ISO 8601 duration."""
        await self.sandbox(http, "POST", "clock", {"advance": advance})

    async def sandbox(self, http: aiohttp.ClientSession, method: str, name: str, body: Any = None) -> Any:
        """The account's sandbox: its `clock` or its `faults`."""
        path = f"/v1/accounts/{self.account_id}/sandbox/{name}"
        async with http.request(method, path, json=body, headers={"Authorization": f"Bearer {self.token}"}) as answer:
            answer.raise_for_status()
            return await answer.json()


async def make_shops(database_url: str, http: aiohttp.ClientSession, sink: str, count: int) -> list[Shop]:
    """New accounts, each with a token and three webhook subscriptions."""
    first = 10_000_000 + secrets.randbelow(80_000_000)
    shops = []
    async with opened(Config(database_url=database_url)) as kvitt:
        for number in range(count):
            account_id = f"T{first + number:08d}"
            await kvitt.accounts.create_account(account_id, "Torture")
            client, secret = await kvitt.accounts.create_client(account_id, "Torture", list(SCOPES))
            shops.append(Shop(account_id, await _token(http, account_id, client.client_id, secret)))
    for shop in shops:
        for wanted in _WANTED:
            await _subscribe(http, shop, sink, wanted)
    return shops


async def _token(http: aiohttp.ClientSession, account_id: str, client_id: str, secret: str) -> str:
    body = {"grant_type": "client_credentials", "audience": f"https://torture.example/v1/accounts/{account_id}"}
    auth = aiohttp.BasicAuth(client_id, secret)
    async with http.post(f"/v1/accounts/{account_id}/auth/token", json=body, auth=auth) as answer:
        answer.raise_for_status()
        return str((await answer.json())["access_token"])


async def _subscribe(http: aiohttp.ClientSession, shop: Shop, sink: str, wanted: Sequence[str]) -> None:
    path = f"/v1/accounts/{shop.account_id}/hooks/subscriptions"
    body = {"config": {"url": f"{sink}/hook/{len(shop.hooks)}"}, "events": list(wanted)}
    async with http.post(path, json=body, headers={"Authorization": f"Bearer {shop.token}"}) as answer:
        answer.raise_for_status()
        shop.hooks[str((await answer.json())["id"])] = frozenset(wanted)


class Load:
    """`clients` shops at once, over all accounts; each rests a little between two orders. `cards`: by how often.

    `patient` shops live one order to its end before they begin the next; the others begin the next meanwhile.
    """

    def __init__(
        self,
        http: aiohttp.ClientSession,
        shops: Sequence[Shop],
        sink: str,
        cards: Mapping[str, int],
        clients: int,
        rest: float,
        seed: int,
        *,
        patient: bool = True,
    ) -> None:
        self.journeys: list[Journey] = []
        self.tally = Tally()
        self._sink = sink
        self._cards = cards
        self._rest = rest
        self._patient = patient
        self._ending = asyncio.Event()
        chance = random.Random(seed)
        self._callers = [
            Caller(http, shop.account_id, shop.token, chance.getrandbits(64), self.tally)
            for shop in (shops[number % len(shops)] for number in range(clients))
        ]
        self._work: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._work = [asyncio.create_task(self._live(caller)) for caller in self._callers]

    def check(self) -> None:
        """Raises what a shop stumbled over, if one did."""
        for task in self._work:
            if task.done():
                task.result()

    async def end(self) -> None:
        """No new orders; those that were begun are lived to their end."""
        self._ending.set()
        await asyncio.gather(*self._work)

    async def _live(self, caller: Caller) -> None:
        async with asyncio.TaskGroup() as orders:
            while not self._ending.is_set():
                walk = Walk(caller, self._sink, self._cards)
                self.journeys.append(walk.journey)
                order = orders.create_task(walk.run())
                if self._patient:
                    await order
                await asyncio.sleep(caller.chance.uniform(0, 2 * self._rest))
