"""Who is killed with -9, and when. One in ten kills is PostgreSQL's, in one of four ways."""

from __future__ import annotations

import random
from contextlib import suppress

import psutil

from bench.torture.house import House

KVITT = ("the server", "the worker", "server and worker")
POSTGRESQL = ("postmaster", "postmaster and all its children", "a backend of PostgreSQL", "everything")


def plan(kills: int, chance: random.Random) -> list[str]:
    """As many names as kills; each full ten has one of PostgreSQL's, and so has what is left over."""
    names = [chance.choice(KVITT) for _ in range(kills)]
    ways = list(POSTGRESQL)
    chance.shuffle(ways)
    for number, first in enumerate(range(0, kills - kills % 10 or kills, 10)):
        names[chance.randrange(first, min(first + 10, kills))] = ways[number % len(ways)]
    return names


def kill(house: House, whom: str, chance: random.Random) -> psutil.Process | None:
    """Kills, and starts again what nobody else starts. Answers the PostgreSQL that is gone, if it is."""
    postmaster = house.postmaster() if whom in POSTGRESQL else None
    if whom in ("the server", "server and worker", "everything"):
        house.server.kill()
    if whom in ("the worker", "server and worker", "everything"):
        house.worker.kill()
    gone = _kill_postgresql(postmaster, whom, chance) if postmaster is not None else None
    if whom in ("the server", "server and worker", "everything"):
        house.server.start()
    if whom in ("the worker", "server and worker", "everything"):
        house.worker.start()
    return gone


def _kill_postgresql(postmaster: psutil.Process, whom: str, chance: random.Random) -> psutil.Process | None:
    children = postmaster.children()
    if whom == "a backend of PostgreSQL":
        backends = [child for child in children if "[local]" in " ".join(child.cmdline())]
        chance.choice(backends or children).kill()
        return None  # the postmaster lives, and starts all others anew
    postmaster.kill()
    if whom == "postmaster and all its children":
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()
    return postmaster
