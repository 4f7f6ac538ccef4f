"""What every torture needs: a house on fire or not, a receiver, shops at work; and, in the end, the judges."""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path

import aiohttp

from bench.torture import heard, money, shown, told
from bench.torture.house import House
from bench.torture.receiver import Arrival, Receiver
from bench.torture.shops import Load, Shop, make_shops
from bench.torture.state import State, read_state, unsettled

SHOWN_FAULTS = 40


def play(
    options: argparse.Namespace, cards: Mapping[str, int], act: Callable[[Scene], Awaitable[Iterable[str]]]
) -> int:
    """Plays `act` with everything around it, and judges. The exit code: 1 on any fault, the data folder is kept then.

    Ends by itself: on Ctrl-C, on SIGTERM, and after `options.limit` seconds.
    """
    for number in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, lambda *_: sys.exit("interrupted, or out of time"))
    signal.alarm(options.limit)
    folder = Path(tempfile.mkdtemp(prefix="kvitt-torture-", dir=options.folder))
    folder.chmod(0o755)  # the database's own user passes through when this runs as root
    print(f"seed {options.seed}, data in {folder}", flush=True)
    house = House(folder)
    faults = ["it did not come to its end"]
    try:
        with Receiver() as receiver:
            faults = asyncio.run(_play(house, receiver, options, cards, act))
    finally:
        house.stop()
        if not faults:
            shutil.rmtree(folder, ignore_errors=True)
    for text in faults[:SHOWN_FAULTS]:
        print(f"  {text}")
    print(f"{len(faults)} faults; the data is in {folder}" if faults else "Nothing was lost, nothing happened twice.")
    return 1 if faults else 0


async def _play(
    house: House,
    receiver: Receiver,
    options: argparse.Namespace,
    cards: Mapping[str, int],
    act: Callable[[Scene], Awaitable[Iterable[str]]],
) -> list[str]:
    timeout, connector = aiohttp.ClientTimeout(total=60), aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(house.server.url, timeout=timeout, connector=connector) as http:
        house.server.start()
        house.worker.start()
        await house.ready(http)
        shops = await make_shops(house.database.url, http, receiver.url, options.accounts)
        await receiver.trouble(http, options.trouble)
        chance = random.Random(options.seed)
        load = Load(
            http,
            shops,
            receiver.url,
            cards,
            options.clients,
            options.rest,
            chance.getrandbits(64),
            patient=options.patient,
        )
        scene = Scene(options, chance, http, house, receiver, shops, load)
        load.start()
        faults = list(await act(scene))
        return [*faults, *await scene.judge()]


class Scene:
    """`state`: what the judges found, once they did."""

    def __init__(
        self,
        options: argparse.Namespace,
        chance: random.Random,
        http: aiohttp.ClientSession,
        house: House,
        receiver: Receiver,
        shops: Sequence[Shop],
        load: Load,
    ) -> None:
        self.options = options
        self.chance = chance
        self.http = http
        self.house = house
        self.shops = shops
        self.load = load
        self._receiver = receiver
        self._began = time.monotonic()

    async def end(self) -> list[str]:
        """No new orders, no trouble at the receiver; waits until nothing is left to be done. Answers what is."""
        await self._receiver.trouble(self.http, 0.0)
        await self.load.end()
        ended = time.monotonic()
        left = await self._settle()
        settled = time.monotonic()
        print(f"{ended - self._began:.0f} s of load, {settled - ended:.0f} s until all had settled", flush=True)
        return [f"there are still {count} {kind} to be done" for kind, count in left.items()]

    async def state(self) -> State:
        return await read_state(self.house.database.url, [shop.account_id for shop in self.shops])

    async def _settle(self) -> dict[str, int]:
        accounts = [shop.account_id for shop in self.shops]
        deadline = time.monotonic() + self.options.patience
        while (left := await unsettled(self.house.database.url, accounts)) and time.monotonic() < deadline:
            if self.options.hurry:
                await asyncio.gather(*(shop.move_clock(self.http, "PT1M") for shop in self.shops))
            await asyncio.sleep(1.0)
        return left

    async def judge(self) -> list[str]:
        arrivals = await self._receiver.seen(self.http)
        state = await self.state()
        hooks = {shop.account_id: shop.hooks for shop in self.shops}
        tokens = {shop.account_id: shop.token for shop in self.shops}
        judged = {
            "calls": self.load.tally.faults,
            "what callers were told": list(told.faults(state, self.load.journeys)),
            "what the API shows": await shown.faults(self.http, state, self.load.journeys, tokens),
            "money, books and log": list(money.faults(state)),
            "callbacks": list(heard.callback_faults(state, arrivals)),
            "webhooks": list(heard.webhook_faults(state, arrivals, hooks)),
            "the feed": await heard.feed_faults(self.http, state, tokens),
            "kvitt verify": await self._verify(),
        }
        lines = self._figures(state, arrivals) | {
            f"faults: {judge}": str(len(found)) for judge, found in judged.items()
        }
        for name, text in lines.items():
            print(f"{name:<32} {text}", flush=True)
        return [f"{judge}: {text}" for judge, found in judged.items() for text in found]

    async def _verify(self) -> list[str]:
        """kvitt's own judgement of itself."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "kvitt", "verify",
            env={**os.environ, "KVITT_DATABASE_URL": self.house.database.url},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await process.communicate()
        return [] if process.returncode == 0 else [f"exit {process.returncode}", *output.decode().splitlines()[-30:]]

    def _figures(self, state: State, arrivals: Sequence[Arrival]) -> dict[str, str]:
        tally, journeys = self.load.tally, self.load.journeys
        done = sum(told.outcome == "done" for journey in journeys for told in journey.told)
        attempts = [each for record in state.transactions.values() for each in record.get("attempts", [])]
        ours = {hook for shop in self.shops for hook in shop.hooks}
        deliveries = sum(each.subscription_id in ours and each.event != "ping" for each in state.deliveries)
        callbacks = sum(not arrival.event for arrival in arrivals)
        webhooks = sum(arrival.event not in ("", "ping") for arrival in arrivals)
        return {
            "orders begun": f"{len(journeys)}, lived to the end {sum(journey.finished for journey in journeys)}",
            "things asked for": f"{sum(len(journey.told) for journey in journeys)}, told as done {done}",
            "requests": f"{tally.sent}, with {tally.keys} keys, sent again {tally.again}, cut off {tally.broken}",
            "answers": _counted(sorted(tally.statuses.items())),
            "attempts": f"{len(attempts)}: {_counted(Counter(each['status'] for each in attempts).most_common())}",
            "no answer at first": f"{sum(each.get('asks', 0) > 0 for each in attempts)} attempts",
            "callbacks": f"{len(heard.callbacks_owed(state))} owed, {callbacks} came",
            "webhooks": f"{deliveries} owed, {webhooks} came",
            "events": str(len(state.log)),
        }


def _counted(counts: Iterable[tuple[object, int]]) -> str:
    return ", ".join(f"{what}: {count}" for what, count in counts)
