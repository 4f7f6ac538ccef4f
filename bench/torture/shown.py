"""The outside: what the API shows of an order and its payment is what the database holds of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import aiohttp

from bench.torture.journey import Journey
from bench.torture.state import State

MOST_ASKED = 500
"""Journeys; chosen by chance when there are more."""


async def faults(
    http: aiohttp.ClientSession, state: State, journeys: Sequence[Journey], tokens: dict[str, str]
) -> list[str]:
    orders = {record["order"]["order_id"]: record["order"] for record in state.orders.values()}
    found = []
    for journey in random.sample(journeys, min(MOST_ASKED, len(journeys))):
        if journey.order_id in orders:
            path = f"/v1/accounts/{journey.account_id}/shopping/orders/{journey.order_id}"
            found += await _compare(http, path, tokens[journey.account_id], orders[journey.order_id])
        if journey.transaction_id in state.transactions:
            transaction = state.transactions[journey.transaction_id]["transaction"]
            path = f"/v1/transactions/{journey.transaction_id}"
            found += await _compare(http, path, tokens[journey.account_id], transaction)
    return found


async def _compare(http: aiohttp.ClientSession, path: str, token: str, kept: dict[str, Any]) -> list[str]:
    async with http.get(path, headers={"Authorization": f"Bearer {token}"}) as answer:
        if answer.status != 200:
            return [f"GET {path} is answered with {answer.status}"]
        shown = await answer.json()
    return [
        f"GET {path} shows {name} as {shown.get(name)}, kept is {kept[name]}"
        for name in ("status", "payment_status", "version", "amount")
        if name in kept and shown.get(name) != kept[name]
    ] + [
        f"GET {path} shows {len(shown.get(name, []))} {name}, kept are {len(kept[name])}"
        for name in ("events", "authorizations", "captures", "refunds", "cancellations")
        if name in kept and [each["id"] for each in shown.get(name, [])] != [each["id"] for each in kept[name]]
    ]
