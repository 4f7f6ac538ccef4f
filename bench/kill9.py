"""`make kill`: the journey under load while the server is killed with -9 at random moments, again and again.

After each restart everything that was answered must be there, every transaction and order must be whole, and no open
attempt may be older than the time after which the provider is asked. In the end, once the worker has had its time,
nothing is under way, the provider's books equal ours, and the shop has heard of every payment.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import secrets
import sys
import threading
import time
from collections import Counter

import aiohttp

from bench.machine import Keys, Server, Sink, fetch_token, free_port, make_shops, temporary_database
from bench.requests import STEPS, taken
from bench.truth import Life, faults, owed_callbacks, read_world

PATIENCE_SECONDS = 90.0


class Shops(threading.Thread):
    """Many shops that never give up: when the server is gone they wait for it and begin another order."""

    def __init__(self, url: str, keys: list[Keys], sink_url: str) -> None:
        super().__init__(name="shops", daemon=True)
        self.lives: list[Life] = []
        self.refusals: list[str] = []
        self.cut_off = 0
        self._url = url
        self._keys = keys
        self._sink_url = sink_url
        self._ending = threading.Event()

    def run(self) -> None:
        asyncio.run(self._work())

    def end(self) -> None:
        self._ending.set()
        self.join(60)

    async def _work(self) -> None:
        async with aiohttp.ClientSession(self._url, timeout=aiohttp.ClientTimeout(total=60)) as http:
            await asyncio.gather(*(self._shop(http, keys) for keys in self._keys))

    async def _shop(self, http: aiohttp.ClientSession, keys: Keys) -> None:
        while not self._ending.is_set():
            life = Life(keys.account_id, {"account_id": keys.account_id, "sink": self._sink_url})
            self.lives.append(life)
            try:
                await self._live(http, keys, life)
            except aiohttp.ClientError:
                self.cut_off += bool(life.answered)
                await asyncio.sleep(0.1)

    async def _live(self, http: aiohttp.ClientSession, keys: Keys, life: Life) -> None:
        for step in STEPS:
            headers = {"Content-Type": "application/json", "Authorization": f"Bearer {keys.token}"}
            if step.customer:
                del headers["Authorization"]
            body = step.body.format(**life.values) if step.body else None
            path = step.path.format(**life.values)
            async with http.request(step.method, path, data=body, headers=headers) as answer:
                content = await answer.read()
            if answer.status != 200 or step.expects not in content:
                self.refusals.append(f"{step.name}: {answer.status} {content[:300].decode(errors='replace')}")
                return
            if step.takes:
                life.values[step.takes] = taken(step, content)
            life.answered.append(step.name)


def main() -> int:
    options = _options()
    chance = random.Random(options.seed)
    print(f"{options.kills} kills, seed {options.seed}", flush=True)
    first = 10_000_000 + secrets.randbelow(80_000_000)
    accounts = [f"T{first + n:08d}" for n in range(options.clients)]
    with temporary_database() as database, Sink() as sink, Server(database.url, free_port()) as server:
        keys = make_shops(database.url, accounts)
        for each in keys:
            each.token = fetch_token(server.url, each)
        shops = Shops(server.url, keys, sink.url)
        shops.start()
        wrong: list[str] = []
        for number in range(options.kills):
            time.sleep(chance.uniform(0.3, options.seconds))
            server.kill()
            answered = [
                life for life in shops.lives if life.answered
            ]  # nobody is served now: what was answered until here must be there
            server.start()
            found = faults(read_world(database.url, accounts), answered, settled=False)
            wrong += found
            print(f"kill {number + 1}: {len(answered)} orders begun, {len(found)} faults", flush=True)
        time.sleep(1.0)
        shops.end()
        wrong += _in_the_end(database.url, accounts, shops, sink)
    wrong += [f"refused: {text}" for text in shops.refusals]
    for text in wrong[:30]:
        print(f"  {text}")
    print(f"{len(wrong)} faults" if wrong else "Nothing was lost, nothing happened twice.")
    return 1 if wrong else 0


def _in_the_end(database_url: str, accounts: list[str], shops: Shops, sink: Sink) -> list[str]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        world = read_world(database_url, accounts)
        found = faults(world, shops.lives, settled=True)
        seen, owed = Counter(sink.seen()), owed_callbacks(world)
        found += [f"no callback for {missing}" for missing in owed - set(seen)]
        found += [f"a callback for {extra}, which was never authorized" for extra in set(seen) - owed]
        if not found or time.monotonic() > deadline:
            break
        time.sleep(1.0)
    begun = [life for life in shops.lives if life.answered]
    whole = sum(len(life.answered) == len(STEPS) for life in begun)
    again = sum(count - 1 for count in seen.values())
    print(f"{len(begun)} orders begun, {whole} lived to the end, {shops.cut_off} were cut off on their way")
    print(f"{len(owed)} callbacks owed, {len(seen)} came, {again} of them once more")
    return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make kill", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=10, help="how often [10]")
    parser.add_argument("--seconds", type=float, default=4.0, help="longest time between a start and a kill [4]")
    parser.add_argument("--clients", type=int, default=16, help="shops at once [16]")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="of the moments [random]")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
