"""The page before anything was paid: the form as it comes, and what happens around it."""

from __future__ import annotations

import asyncio

from playwright.async_api import Route, expect

from .stage import CARD, CHAIRS, DELIVERY, GIFT_CARD, KLARNA, VIPPS, ZERO, Stage
from .state import state

BEFORE, OPEN = "Before paying", "While the form is open"
BOXES = [
    {"id": "terms", "label": "I am over 18", "required": True},
    {
        "id": "news", "label": "Send me news about the garden", "checked": True,
        "link": {"url": "https://shop.example/news", "text": "What we send"},
    },
]  # fmt: skip


async def without_script(stage: Stage) -> None:
    over = asyncio.Event()

    async def keep_waiting(route: Route) -> None:
        await over.wait()
        await route.abort()

    await stage.page.route("**/form.js", keep_waiting)
    stage.leaving.callback(over.set)


@state(BEFORE, "Pay by card", "card-number")
async def loading(stage: Stage) -> None:
    """The order and the form are there before any script is; only the button waits for it.

    The script is kept back.
    """
    await without_script(stage)
    await stage.show(await stage.session(), wait_until="commit")
    await expect(stage.page.get_by_test_id("pay")).to_be_disabled()


@state(BEFORE, "Pay by card", "card-number")
async def not_loaded(stage: Stage) -> None:
    """The script did not come: after eight seconds the page says so, by style alone.

    The script is kept back for longer.
    """
    await loading(stage)
    await stage.page.evaluate("document.getAnimations().forEach((one) => one.finish())")
    await expect(stage.page.get_by_text("The page did not load completely.")).to_be_visible()


@state(BEFORE, "Pay by card", "card-number")
async def ready(stage: Stage) -> None:
    """One way to pay, so there is nothing to choose: the card's fields, and one button.

    A session with one payment product.
    """
    await stage.form(await stage.session())


@state(BEFORE, "How do you want to pay?", "card-number")
async def several_ways(stage: Stage) -> None:
    """What the session offers, the shop's default chosen.

    A session with five payment products.
    """
    await stage.form(await stage.session(CARD, VIPPS, KLARNA, "dintero_psp.applepay", GIFT_CARD))


@state(BEFORE, "How do you want to pay?", "phone")
async def app_chosen(stage: Stage) -> None:
    """An app is chosen: the page asks for a phone number, and says where the customer goes.

    Vipps is chosen.
    """
    await several_ways(stage)
    await stage.page.get_by_test_id(f"method-{VIPPS}").check()


@state(BEFORE, "How do you want to pay?", "gift")
async def gift_card_chosen(stage: Stage) -> None:
    """A gift card is chosen, which has a number of its own.

    The gift card is chosen.
    """
    await several_ways(stage)
    await stage.page.get_by_test_id(f"method-{GIFT_CARD}").check()


@state(BEFORE, "Pay by card", "consent-0")
async def consents_and_terms(stage: Stage) -> None:
    """The shop's checkboxes and its terms, above the button that agrees to them. Their links open beside the page.

    A session with `checkboxes` and a `merchant_terms_url`.
    """
    url = {"merchant_terms_url": "https://shop.example/terms"}
    await stage.form(await stage.session(checkboxes=BOXES, url=url))


@state(BEFORE, "Pay by card", "total")
async def long_order(stage: Stage) -> None:
    """A long order with discounts, on a line and as a line of its own, VAT and shipping.

    A session with eleven lines.
    """
    names = ("Hose, 20 m", "Watering can", "Gloves", "Pruning shears", "Rake", "Spade", "Twine", "Flower pots")
    lines = [
        {"id": name, "line_id": name, "description": name, "quantity": place, "vat": 25, "amount": 9900 * place}
        for place, name in enumerate(names, 1)
    ]
    chairs = {**CHAIRS, "discount_lines": [{"amount": 10000, "description": "Summer sale"}]}
    lines += [chairs, {"id": "gift", "line_id": "gift", "description": "For a good customer", "amount": -15000}]
    amount = sum(int(str(line["amount"])) for line in lines) + 4900
    sid = await stage.session(order={"items": lines, "amount": amount, "vat_amount": amount // 5})
    await stage.form(sid)
    await stage.page.locator("#order-lines").evaluate("order => order.setAttribute('open', '')")


@state(BEFORE, "Save a card", "card-number")
async def saving_a_card(stage: Stage) -> None:
    """Nothing is paid: a card is saved for later, and the page says nothing of an amount.

    A session of `POST /v1/sessions/payment-token`.
    """
    await stage.form(await stage.session_to_save_a_card())


@state(BEFORE, "Confirm the order", "pay")
async def nothing_to_pay(stage: Stage) -> None:
    """An order that costs nothing is confirmed, not paid.

    A session of 0 kroner with `dintero.zero`.
    """
    gift = {"id": "gift", "line_id": "1", "description": "A packet of seeds", "quantity": 1, "amount": 0}
    free = {**DELIVERY, "amount": 0, "vat_amount": 0}
    order = {"amount": 0, "vat_amount": 0, "items": [gift], "shipping_option": free}
    await stage.form(await stage.session(ZERO, order=order))


@state(BEFORE, "Payment", "cancel")
async def no_way_to_pay(stage: Stage) -> None:
    """The session offers nothing that can be used: the way back is the way on.

    A session in kroner that offers only Swish, which takes Swedish ones.
    """
    await stage.show(await stage.session("swish.swish"))
    await expect(stage.page.get_by_test_id("cancel")).to_be_enabled()


@state(OPEN, "Pay by card", "notice-offline")
async def offline(stage: Stage) -> None:
    """The network went while the form is open: a notice that goes by itself.

    The browser is taken off the network.
    """
    await stage.form(await stage.session())
    await stage.card()
    await stage.page.context.set_offline(True)
    await stage.shows("notice-offline")


@state(OPEN, "Pay by card", "total")
async def locked_while_typing(stage: Stage) -> None:
    """The shop changes the order: the form rests with what was typed in it, and goes on by itself.

    `POST /v1/view/{sid}/session/lock` while the form is open.
    """
    sid = await stage.session()
    await stage.form(sid)
    await stage.card()
    await stage.lock(sid)
    await stage.look_again()
    await expect(stage.page.get_by_text("is updating your order")).to_be_visible()


@state(OPEN, "Pay by card", "notice-changed")
async def changed_while_typing(stage: Stage) -> None:
    """The shop changed the order: the new one is shown, and what was typed stays.

    `PUT /v1/sessions/{sid}` while the form is open.
    """
    sid = await stage.session()
    await stage.form(sid)
    await stage.card()
    dearer = {"order": {"amount": 64600, "items": [{**CHAIRS, "quantity": 3, "amount": 59700}]}}
    assert (await stage.shop.put(f"/v1/sessions/{sid}?update_without_lock=true", dearer)).status_code == 200
    await stage.look_again()
    await stage.shows("notice-changed")


@state(OPEN, "Pay by card", "notice-ending")
async def time_runs_out(stage: Stage) -> None:
    """The session is about to expire, and the customer is told in time.

    The account's clock is moved to four minutes before the session's end.
    """
    sid = await stage.session()
    await stage.form(sid)
    await stage.card()
    await stage.later("PT23H56M")
    await stage.look_again()
    await stage.shows("notice-ending")
