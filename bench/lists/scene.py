"""A server that has come to rest, and keys to it."""

from __future__ import annotations

import time

import psutil

from bench.machine import SCOPES, Keys, Server
from kvitt.app import opened
from kvitt.config import Config
from kvitt.core.errors import NotFound


def settle(server: Server) -> None:
    """A server that was just started looks for what others left behind, and reads its first pages."""
    process = psutil.Process(server.process.pid) if server.process is not None else None
    while process is not None and process.cpu_percent(1.0) > 10:
        time.sleep(0.1)


async def keys_of(url: str, account_id: str) -> Keys:
    """Of the account, which is made when there is none."""
    async with opened(Config(database_url=url)) as kvitt:
        try:
            await kvitt.accounts.account(account_id)
        except NotFound:
            await kvitt.accounts.create_account(account_id, "Bench")
        client, secret = await kvitt.accounts.create_client(account_id, "Bench", SCOPES)
        return Keys(account_id, client.client_id, secret)
