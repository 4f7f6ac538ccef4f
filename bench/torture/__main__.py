"""`python -m bench.torture`: kills, restarts, waits until all has settled, and judges. Exit 1 on a fault."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter

from bench.torture.journey import CARDS
from bench.torture.kills import KVITT, POSTGRESQL, kill, plan
from bench.torture.options import parser
from bench.torture.scene import Scene, play

HASTE = 0.1
"""How often the next kill does not wait until all is ready again."""


async def _act(scene: Scene) -> list[str]:
    killed: Counter[str] = Counter()
    names = plan(scene.options.kills, scene.chance)
    for number, whom in enumerate(names, 1):
        await asyncio.sleep(scene.chance.uniform(0.3, scene.options.seconds))
        scene.load.check()
        began = time.monotonic()
        gone = kill(scene.house, whom, scene.chance)
        killed[whom] += 1
        hasty = number < len(names) and names[number] in KVITT and scene.chance.random() < HASTE
        if not hasty:
            await scene.house.ready(scene.http, gone)
        back = "the next one at once" if hasty else f"back in {time.monotonic() - began:.1f} s"
        print(f"kill {number:>3}: {whom:<31} {back}, {len(scene.load.journeys)} orders begun", flush=True)
    await asyncio.sleep(1.0)
    left = await scene.end()
    postgresql = sum(killed[whom] for whom in POSTGRESQL)
    print(f"{killed.total()} kills, {postgresql} of them PostgreSQL's: ", end="")
    print(", ".join(f"{whom} {count}" for whom, count in killed.most_common()))
    return left


def main() -> int:
    options = parser("python -m bench.torture", (__doc__ or "").partition("\n")[0])
    options.add_argument("--kills", type=int, default=200, help="how often [200]")
    options.add_argument("--seconds", type=float, default=4.0, help="longest time between ready and a kill [4]")
    return play(options.parse_args(), CARDS, _act)


if __name__ == "__main__":
    sys.exit(main())
