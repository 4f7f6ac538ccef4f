"""`python -m bench.torture.flaky`: a provider that times out, loses its news, and is away for a while, under load.

5% of the calls get no answer: half of them never arrived, the other half took effect, and the provider says so when its
silence ends. Of another 1% the news are lost as well. Then nothing that moves money arrives for a while. What counts is
how long it takes, from the moment when the provider would answer, until kvitt knows the truth. Nobody helps.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.torture.journey import GOOD
from bench.torture.options import parser
from bench.torture.scene import Scene, play
from bench.torture.shops import Shop
from bench.torture.state import State

MOST_SECONDS = 60.0
"""What p95 has to stay below."""
_EVENT_OF = {"authorize": "AUTHORIZE", "capture": "CAPTURE", "refund": "REFUND", "void": "VOID"}


def _script(share: float, silence: float, seed: int) -> list[dict[str, Any]]:
    """`share`: percent of the calls that get no answer; a fifth of that loses its news too."""
    after = {"fault": "silent_after", "seconds": silence, "times": "every", "seed": seed}
    return [
        after | {"chance": share / 5, "notice": "lost"},
        after | {"chance": share / 2, "seed": seed + 1},
        {"fault": "silent_before", "chance": share / 2, "times": "every", "seed": seed + 2},
    ]


async def _act(scene: Scene) -> list[str]:
    options = scene.options
    await _make_flaky(scene)
    await asyncio.sleep(options.seconds)
    print(await _struck(scene), flush=True)
    away = datetime.now(UTC)
    if options.away:
        nothing_arrives = [{"fault": "silent_before", "times": "every"}]
        await asyncio.gather(*(_set(scene, shop, nothing_arrives) for shop in scene.shops))
        await asyncio.sleep(options.away)
        await _make_flaky(scene)
    back = datetime.now(UTC)
    await asyncio.sleep(options.seconds / 2)
    scene.load.check()
    left = await scene.end()
    state = await scene.state()
    for name, waits in (
        ("time-outs", list(_waits(state, away, back, outage=False))),
        ("the outage", list(_waits(state, away, back, outage=True))),
    ):
        left += _told(name, sorted(waits))
    return left


def _told(name: str, waits: list[float]) -> list[str]:
    """Prints how long it took; the fault, if it took too long."""
    if not waits:
        return [f"{name}: no attempt was without an answer"]
    p50, p95, most = waits[len(waits) // 2], waits[int(len(waits) * 0.95)], waits[-1]
    print(
        f"{name}: {len(waits)} attempts without an answer; once the provider would answer, the truth was known after ",
        end="",
    )
    print(f"p50 {p50:.1f} s, p95 {p95:.1f} s, longest {most:.1f} s", flush=True)
    return [] if p95 < MOST_SECONDS else [f"{name}: p95 is {p95:.1f} s"]


async def _make_flaky(scene: Scene) -> None:
    share, silence = scene.options.share, scene.options.silence
    scripts = [_script(share, silence, scene.chance.randrange(10**6)) for _ in scene.shops]
    await asyncio.gather(*(_set(scene, *each) for each in zip(scene.shops, scripts, strict=True)))


async def _set(scene: Scene, shop: Shop, rules: Sequence[dict[str, Any]]) -> None:
    await shop.sandbox(scene.http, "PUT", "faults", {"rules": rules})


async def _struck(scene: Scene) -> str:
    """What the script did until now, over all accounts."""
    scripts = await asyncio.gather(*(shop.sandbox(scene.http, "GET", "faults") for shop in scene.shops))
    lost, after, before = (sum(script["rules"][n]["used"] for script in scripts) for n in range(3))
    calls = sum(script["rules"][0]["seen"] for script in scripts)
    return f"of {calls} calls {after} got a late answer, {lost} a late one and no news, {before} never arrived"


def _waits(state: State, away: datetime, back: datetime, *, outage: bool) -> Iterator[float]:
    """Seconds from when the provider would answer until the outcome was an event, for each that was unknown: those
    that began in the outage, or the others."""
    for record in state.transactions.values():
        for attempt in record.get("attempts", []):
            began = answers = datetime.fromisoformat(attempt["created_at"])
            in_outage = away - timedelta(seconds=1) <= began < back
            if not attempt.get("asks") or in_outage != outage:
                continue
            movement = state.books.get(attempt["id"])
            if movement is not None and movement.silent_until is not None:
                answers = movement.silent_until
            if in_outage:
                answers = max(answers, back)
            settled = next(_outcomes(record["transaction"], attempt), datetime.now(UTC))
            yield max(0.0, (settled - answers).total_seconds())


def _outcomes(transaction: dict[str, Any], attempt: dict[str, Any]) -> Iterator[datetime]:
    for event in transaction["events"]:
        of_request = attempt["request_id"] in (event.get("request_id"), event.get("correlation_request_id"))
        if of_request and event["event"] == _EVENT_OF[attempt["verb"]]:
            yield datetime.fromisoformat(event["created_at"])


def main() -> int:
    options = parser("python -m bench.torture.flaky", (__doc__ or "").partition("\n")[0], patient=False)
    options.set_defaults(clients=8, rest=1.0)
    options.add_argument("--seconds", type=float, default=60.0, help="of load before the outage; half of it after [60]")
    options.add_argument("--share", type=float, default=5.0, help="percent of the calls that get no answer [5]")
    options.add_argument(
        "--silence", type=float, default=20.0, help="seconds until the provider says it after all [20]"
    )
    options.add_argument("--away", type=float, default=45.0, help="seconds for which nothing arrives [45]")
    return play(options.parse_args(), {GOOD: 1}, _act)


if __name__ == "__main__":
    sys.exit(main())
