"""`make bench-page`: the payment page under load, and how soon a customer with a slow connection sees it.

    python -m bench.page --seconds 20 --rate 100
    python -m bench.page --paint

Pages of many sessions are asked for at a steady rate, packed as browsers take them; a session's first page writes that
the customer came. Times count from when a request was due until all of the answer was there, so that a server that
stalls is charged for those that waited; the generator's own share is in them. `--paint` opens pages in Chromium
instead, each in a browser that has kept nothing, on a connection and a processor that are made slow.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import shutil
import sys
import time
from collections.abc import Sequence
from typing import Any

from aiohttp import ClientSession, TCPConnector

from bench.machine import Keys, Server, Usage, fetch_token, free_port, make_shops, postmaster, temporary_database
from bench.requests import SESSION

LANGUAGES = ("nb-NO,nb;q=0.9,en;q=0.5", "en", "sv-SE,sv", "de-DE,de;q=0.8")
SLOW = {"latency": 150, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8, "offline": False}
"""A phone on a poor network: 1.6 Mbit/s, 150 ms for a request and its answer."""
SLOWER_PROCESSOR = 4
PAINTS = """() => new Promise((resolve) => {
  const look = () => {
    const found = performance.getEntriesByType("paint").map((one) => [one.name, one.startTime]);
    found.length > 1 ? resolve(Object.fromEntries(found)) : setTimeout(look, 20);
  };
  look();
})"""


def parts(times: Sequence[float]) -> dict[str, float]:
    """Milliseconds."""
    found = sorted(times)
    return {
        f"p{part:g}": round(found[min(len(found) - 1, int(part / 100 * len(found)))], 1) for part in (50, 95, 99, 100)
    }


async def make_sessions(url: str, keys: Keys, count: int) -> list[str]:
    headers = {"Authorization": f"Bearer {keys.token}", "Content-Type": "application/json"}
    made: list[str] = []

    async def work(http: ClientSession) -> None:
        while len(made) < count:
            body = SESSION.format(sink="https://shop.example", order_id=f"A-{len(made)}")
            async with http.post("/v1/sessions-profile", data=body) as answer:
                answer.raise_for_status()
                made.append((await answer.json())["id"])

    async with ClientSession(url, headers=headers) as http:
        await asyncio.gather(*(work(http) for _ in range(8)))
    return made[:count]


async def load(url: str, sessions: list[str], rate: float, seconds: float) -> dict[str, Any]:
    times: list[float] = []
    failures: list[str] = []
    sizes: set[int] = set()

    async def look(http: ClientSession, number: int, due: float) -> None:
        headers = {"accept-language": LANGUAGES[number % len(LANGUAGES)], "accept-encoding": "gzip"}
        try:
            async with http.get(f"/v1/view/{sessions[number % len(sessions)]}", headers=headers) as answer:
                body = await answer.read()
                if answer.status != 200 or b'id="pay"' not in body:
                    failures.append(f"{answer.status} {body[:200]!r}")
                    return
                sizes.add(int(answer.headers["content-length"]))
        except OSError as error:
            failures.append(repr(error))
            return
        times.append((time.perf_counter() - due) * 1000)

    async with ClientSession(url, connector=TCPConnector(limit=100)) as http:
        under_way = []
        began = time.perf_counter()
        for number in range(int(rate * seconds)):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            under_way.append(asyncio.create_task(look(http, number, due)))
        await asyncio.gather(*under_way)
    return {
        "milliseconds": parts(times) if times else {}, "pages": len(times), "page_bytes": max(sizes, default=0),
        "failed": len(failures), "failures": failures[:5],
    }  # fmt: skip


async def paint(url: str, sessions: list[str], runs: int) -> dict[str, Any]:
    from playwright.async_api import async_playwright

    found: dict[str, list[float]] = {}
    async with async_playwright() as playwright:
        executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        browser = await playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        for number in range(runs):
            context = await browser.new_context(viewport={"width": 360, "height": 740}, locale="nb-NO")
            page = await context.new_page()
            tools = await context.new_cdp_session(page)
            await tools.send("Network.enable")
            await tools.send("Network.emulateNetworkConditions", SLOW)
            await tools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER_PROCESSOR})
            await page.goto(f"{url}/v1/view/{sessions[number % len(sessions)]}", wait_until="load")
            for name, at in (await page.evaluate(PAINTS)).items():
                found.setdefault(name, []).append(at)
            await page.wait_for_selector("[data-ready]", state="attached")
            found.setdefault("ready to pay", []).append(await page.evaluate("performance.now()"))
            await context.close()
        await browser.close()
    return {"runs": runs, "milliseconds": {name: parts(times) for name, times in found.items()}}


async def run(options: argparse.Namespace, server: Server, postgres: int, keys: Keys) -> dict[str, Any]:
    sessions = await make_sessions(server.url, keys, options.sessions if not options.paint else options.runs)
    if options.paint:
        return await paint(server.url, sessions, options.runs)
    await load(server.url, sessions[:20], 50, 2)  # warm
    assert server.process is not None
    used = {"server": Usage(server.process.pid), "postgresql": Usage(postgres)}
    report = await load(server.url, sessions, options.rate, options.seconds)
    cores = {name: round(usage.spent() / options.seconds, 2) for name, usage in used.items()}
    return {"rate": options.rate, "seconds": options.seconds, "sessions": len(sessions), **report, "cores": cores}


def readable(report: dict[str, Any]) -> str:
    if "runs" in report:
        return "\n".join(f"{name:<24} {times}" for name, times in report["milliseconds"].items())
    return "\n".join(
        [
            f"{report['pages']} pages of {report['sessions']} sessions, {report['rate']:g} a second, "
            f"{report['page_bytes']} bytes each: {report['milliseconds']} ms; cores {report['cores']}",
            *(f"  failed: {failure}" for failure in report["failures"]),
        ]
    )


def main() -> int:
    options = _options()
    with temporary_database() as database:
        (keys,) = make_shops(database.url, [f"T{10_000_000 + secrets.randbelow(80_000_000):08d}"])
        with Server(database.url, free_port()) as server:
            keys.token = fetch_token(server.url, keys)
            report = asyncio.run(run(options, server, postmaster(database), keys))
    print(json.dumps(report, indent=2) if options.json else readable(report))
    return 1 if report.get("failed") else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.page", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rate", type=float, default=100.0, help="pages a second [100]")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long [20]")
    parser.add_argument("--sessions", type=int, default=500, help="sessions whose pages are asked for [500]")
    parser.add_argument("--paint", action="store_true", help="first paint in Chromium, on a slow connection")
    parser.add_argument("--runs", type=int, default=10, help="pages opened with --paint [10]")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
