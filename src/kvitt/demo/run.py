"""Runs the demo: the server as `kvitt serve` runs it, a shop beside it, the journey, and links to click."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import httpx
from rich.console import Console
from rich.markup import escape

from kvitt.app import App, opened
from kvitt.config import Config
from kvitt.database import database
from kvitt.demo.journey import Journey, Step
from kvitt.demo.shop import demo_shop
from kvitt.logs import set_up_logs
from kvitt.server import listen, serve_one
from kvitt.upgrade import bring_up_to_date

SCOPES = ["admin:checkout", "admin:shopping"]


def run_demo(config: Config, *, port: int | None, once: bool, console: Console) -> int:
    """0 when every step was as expected, else 1."""
    set_up_logs("warning", config.log_format)
    console.print("[bold]kvitt demo[/bold]: one order, from draft to refunded\n")
    with database(config, keep_running=True) as url:
        where = "your PostgreSQL" if config.database_url else f"embedded PostgreSQL in {config.data_dir}"
        console.print(f"Database  {where}", soft_wrap=True)
        bring_up_to_date(url)
        sock = listen(config.host, port or 0)
        settings = replace(config, database_url=url, port=sock.getsockname()[1])
        console.print(f"Server    {settings.base_url}\n")
        with suppress(KeyboardInterrupt):
            return asyncio.run(_demo(settings, sock, once, console))
    return 0


async def _demo(config: Config, sock: socket.socket, once: bool, console: Console) -> int:
    ready, stop = asyncio.Event(), asyncio.Event()
    serving = asyncio.create_task(serve_one(config, sock, ready.set, stop))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    try:
        if serving.done():
            return 1
        async with opened(config) as kvitt, _journey(kvitt, config) as journey:
            good = await _walk(journey, console)
            if good:
                console.print("\n[bold green]Every step came out as expected.[/bold green]")
            if good and not once:
                await _leave_running(journey, config, console)
                await serving
            return 0 if good else 1
    finally:
        stop.set()
        await serving


@asynccontextmanager
async def _journey(kvitt: App, config: Config) -> AsyncIterator[Journey]:
    account_id = f"T{10_000_000 + secrets.randbelow(90_000_000)}"
    await kvitt.accounts.create_account(account_id, "Stol & Bord AS")
    client, secret = await kvitt.accounts.create_client(account_id, "Demo", SCOPES)
    async with demo_shop() as shop, httpx.AsyncClient(base_url=config.base_url, timeout=30) as http:
        yield Journey(http, account_id, client.client_id, secret, shop)


async def _walk(journey: Journey, console: Console) -> bool:
    number = 0
    for steps in (journey.steps(), journey.second_order()):
        if number:
            console.print("\nA second order, voided before capture:")
        async for step in steps:
            number += 1
            _show(number, step, journey, console)
            if step.faults:
                console.print(f"\n[bold red]Step {number} went wrong.[/bold red]")
                return False
    return True


def _show(number: int, step: Step, journey: Journey, console: Console) -> None:
    mark = "[red]✗[/red]" if step.faults else "[green]✓[/green]"
    console.print(f"{mark} {number:>2}  [bold]{step.title}[/bold]  [dim]{step.milliseconds:.0f} ms[/dim]")
    console.print(f"      [cyan]{escape(step.request)}[/cyan]", soft_wrap=True)
    if step.answer:
        console.print(f"      {escape(step.answer)}", soft_wrap=True)
    for fault in step.faults:
        console.print(f"      [red]{escape(fault)}[/red]", soft_wrap=True)
    states = []
    if journey.order:
        states.append(f"order {journey.order.get('status')}/{journey.order.get('payment_status')}")
    if journey.transaction:
        states.append(f"transaction {journey.transaction.get('status')}")
    if states:
        console.print(f"      [dim]{'   '.join(states)}[/dim]")


async def _leave_running(journey: Journey, config: Config, console: Console) -> None:
    link = await journey.open_session()
    base = config.base_url
    lines = [
        "\n[bold]It keeps running.[/bold] Try it:",
        f"  Pay this order yourself   {link}",
        "                            card 4000 0000 0000 0002, any later date, any three digits",
        "                            4100 0000 0000 0076 is refused",
        f"  API reference             {base}/docs",
        f"  Keys of {journey.account_id}         {journey.client_id} : {journey.client_secret}",
        f"  A token                   curl -u '{journey.client_id}:{journey.client_secret}' "
        f'-H \'Content-Type: application/json\' -d \'{{"grant_type": "client_credentials", "audience": '
        f'"{base}/v1/accounts/{journey.account_id}"}}\' {base}/v1/accounts/{journey.account_id}/auth/token',
        "\nStop with Ctrl-C.",
    ]
    for line in lines:
        console.print(line, soft_wrap=True)
