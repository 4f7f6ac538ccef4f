"""An express purchase, the simulated other side of a payment, and the page inside a shop's own."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from playwright.async_api import expect

from .stage import CARD, CHAIRS, CHALLENGED, INVOICE, KLARNA, VIPPS, Stage, on_hold
from .state import state

EXPRESS, SIMULATED, FRAMED = "Express", "The simulated bank, app and company", "Inside the shop's page"
SDK = Path(__file__).parents[2] / ".venv/npm/node_modules/@dintero/checkout-web-sdk/dist"
SHOP = Path(__file__).parent / "embedding/shop.html"
DOOR = {"id": "door", "line_id": "door", "title": "To your door", "operator": "Posten", "amount": 4900, "vat": 25}
SHELF = {
    "id": "shelf", "line_id": "shelf", "title": "To your nearest shop", "operator": "Posten", "amount": 0,
    "delivery_method": "pick_up",
    "pick_up_address": {
        "business_name": "Kiwi Torshov", "address_line": "Vogts gate 64", "postal_code": "0477", "postal_place": "Oslo",
        "distance": 0.4,
    },
}  # fmt: skip
KARI = {
    "first_name": "Kari", "last_name": "Nordmann", "email": "kari@example.com", "phone_number": "+47 402 30 256",
    "address_line": "Trondheimsveien 1", "postal_code": "0566", "postal_place": "Oslo",
}  # fmt: skip


async def express_session(stage: Stage, *products: str) -> str:
    order = {"amount": 39800, "vat_amount": 7960, "items": [CHAIRS], "shipping_option": None}
    codes = {"max_count": 3, "callback_url": "https://shop.example/codes"}
    express: dict[str, Any] = {"shipping_options": [DOOR, SHELF], "discount_codes": codes}
    configuration = {"discounts": {"express_discount_codes": {"enabled": True}}}
    return await stage.session(*products, order=order, express=express, configuration=configuration)


@state(EXPRESS, "Delivery address", "address")
async def express_address(stage: Stage) -> None:
    """Where the goods go comes first; nothing is asked twice.

    A session with `express`.
    """
    await stage.show(await express_session(stage, CARD, VIPPS))
    await expect(stage.page.get_by_test_id("address-next")).to_be_enabled()


@state(EXPRESS, "Delivery", "option-door")
async def express_delivery(stage: Stage) -> None:
    """Then how they come, and how they are paid: the address is folded, and can be changed.

    The address was given.
    """
    await express_address(stage)
    for name, text in KARI.items():
        await stage.page.get_by_test_id(f"address-{name}").fill(text)
    await stage.press("address-next")
    await stage.shows("address-folded")
    await stage.page.get_by_test_id("option-door").check()
    await expect(stage.page.get_by_test_id("pay")).to_contain_text("447")


async def simulated(stage: Stage, product: str, number: str = CHALLENGED, **changes: Any) -> None:
    sid = await stage.session(product, **changes)
    approval = str((await stage.pay(sid, product, number))["approval_url"])
    await stage.page.goto(f"{approval}?language={stage.language}")
    await expect(stage.page.get_by_test_id("approve")).to_be_enabled()


@state(SIMULATED, "Confirm the payment with your bank", "approve")
async def three_d_secure(stage: Stage) -> None:
    """A simulated bank asks whether it was the customer.

    Card 4000 1000 0000 0000.
    """
    await simulated(stage, CARD)


@state(SIMULATED, "Approve the payment in Vipps", "approve")
async def app(stage: Stage) -> None:
    """A simulated app.

    A payment with Vipps.
    """
    await simulated(stage, VIPPS)


@state(SIMULATED, "Confirm the payment: Klarna", "approve")
async def company(stage: Stage) -> None:
    """A simulated company that checks who buys.

    A payment with Klarna.
    """
    await simulated(stage, KLARNA)


@state(SIMULATED, "The payment is being looked at", "approve")
async def review(stage: Stage) -> None:
    """Whoever looks at a payment on hold.

    An invoice with `enable_on_hold`, approved by the customer; its address is opened again.
    """
    sid = await stage.session(INVOICE, configuration=on_hold())
    approval = str((await stage.pay(sid, INVOICE))["approval_url"])
    await stage.decide(approval, "approve")
    await stage.until(sid, "on_hold")
    await stage.page.goto(f"{approval}?language={stage.language}")
    await expect(stage.page.get_by_test_id("approve")).to_be_enabled()


async def inside_the_shop(stage: Stage, sid: str, **options: Any) -> None:
    """A page of another host, with the unmodified web SDK."""
    sdk = SDK / "dintero-checkout-web-sdk.umd.min.js"
    files = {"/sdk.js": ("text/javascript", sdk.read_bytes()), "/shop": ("text/html", SHOP.read_bytes())}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
        kind, body = files.get(urlsplit(asked).path, ("text/plain", b""))
        head = f"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: {kind}; charset=utf-8\r\n"
        writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    served = await stage.leaving.enter_async_context(await asyncio.start_server(answer, "127.0.0.1", 0))
    given = {"sid": sid, "endpoint": stage.server.url, "language": stage.language, **options}
    port = served.sockets[0].getsockname()[1]
    await stage.page.goto(f"http://localhost:{port}/shop?options={quote(json.dumps(given))}")
    await stage.page.frame_locator("iframe").get_by_test_id("total").wait_for()


@state(FRAMED, "How do you want to pay?", "card-number")
async def embedded(stage: Stage) -> None:
    """The page in a frame of the shop's: without a ground of its own, and as high as it needs.

    `dintero.embed` of the web SDK, in a page of another host.
    """
    await inside_the_shop(stage, await stage.session(CARD, VIPPS))
    await expect(stage.frame.get_by_test_id("pay")).to_be_enabled()
    await stage.page.wait_for_function("document.querySelector('iframe').clientHeight > 400")


@state(FRAMED, "Payment", "launch-news")
async def pop_out(stage: Stage) -> None:
    """The shop wants the payment in a window of its own: the frame shows the order, and opens it.

    `dintero.embed` with `popOut`.
    """
    await inside_the_shop(stage, await stage.session(CARD, VIPPS), popOut=True)
    await stage.page.wait_for_selector("#dintero-checkout-sdk-launch-pop-out")


@state(FRAMED, "How do you want to pay?", "total")
async def embedded_and_locked(stage: Stage) -> None:
    """The shop's page locks the session while it changes the order.

    `lockSession()` of the web SDK.
    """
    await embedded(stage)
    await stage.page.evaluate("shop.checkout.lockSession()")
    await expect(stage.frame.get_by_text("is updating your order")).to_be_visible()
