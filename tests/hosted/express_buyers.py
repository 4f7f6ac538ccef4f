"""What the tests of express purchases share: a shop's server that is asked what it ships, a customer, an address."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from playwright.async_api import Page

from tests_support import Shop

from ..checkout.buying import AskedShop, Customer, customer_of
from .conftest import RETURN_URL

OpenPage = Callable[..., Awaitable[Page]]
NewBuyer = Callable[..., Awaitable[Customer]]

DOOR = {
    "id": "door", "line_id": "door-1", "title": "Hjem på døra", "operator": "Posten", "amount": 7900,
    "description": "Vi ringer på.",
    "time_slot": {"starts_at": "2026-11-25T16:00:00Z", "ends_at": "2026-11-25T18:00:00Z"},
}  # fmt: skip
SHELF = {
    "id": "shelf", "line_id": 7, "title": "Hentes på Kiwi", "operator": "PostNord", "amount": 0,
    "delivery_method": "pick_up", "eta": {"working_days": [2, 1]},
    "pick_up_address": {
        "business_name": "Kiwi Torshov", "address_line": "Vogts gate 64", "postal_code": "0477", "postal_place": "Oslo",
        "distance": 0.42,
        "opening_hours": {
            "periods": [{"opens_at": "08:00", "closes_at": "22:00", "day_of_week": day} for day in (1, 2, 3, 4, 5)]
        },
    },
}  # fmt: skip
KARI = {
    "first_name": "Kari", "last_name": "Nordmann", "email": "kari@example.com", "phone_number": "+4791234567",
    "address_line": "Trondheimsveien 1", "postal_code": "0566", "postal_place": "Oslo",
}  # fmt: skip


def ships_anywhere(_: dict[str, Any]) -> dict[str, Any]:
    return {"shipping_options": [DOOR, SHELF]}


def buyers(shop: Shop, http: httpx.AsyncClient, asked: AskedShop) -> NewBuyer:
    """Creates express sessions of 398.00 NOK. `express`, `configuration`, `order`: laid over what they have anyway."""

    async def create(
        express: dict[str, Any] | None = None,
        configuration: dict[str, Any] | None = None,
        order: dict[str, Any] | None = None,
    ) -> Customer:
        chair = {"id": "175938", "line_id": "1", "description": "Stablestol", "quantity": 2, "amount": 39800}
        body = {
            "profile_id": "default",
            "url": {"return_url": RETURN_URL},
            "order": {
                "amount": 39800,
                "currency": "NOK",
                "merchant_reference": "7F3K9QX2M",
                "items": [chair],
                **(order or {}),
            },
            "express": {
                "shipping_options": [],
                "shipping_address_callback_url": f"{asked.url}/where",
                **(express or {}),
            },
            "configuration": configuration or {},
        }
        return await customer_of(shop, http, body)

    return create


async def type_address(page: Page, prefix: str = "address", **members: str) -> None:
    for name, text in {**KARI, **members}.items():
        if prefix == "address" or name not in ("email", "phone_number"):
            await page.get_by_test_id(f"{prefix}-{name}").fill(text)
