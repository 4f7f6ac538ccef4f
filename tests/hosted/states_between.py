"""The page when something is wrong, and while nobody knows yet how a payment went."""

from __future__ import annotations

from playwright.async_api import expect

from .stage import CARD, CHALLENGED, REFUSED, SILENT, VIPPS, Stage
from .state import state
from .states_before import BOXES

WRONG, UNKNOWN = "When something is wrong", "While it is not known"


@state(WRONG, "Pay by card", "card-number")
async def invalid_fields(stage: Stage) -> None:
    """What is wrong stands at each field; nothing was sent.

    A number with a typing mistake, a date that has passed, no security code, and a box that has to be ticked.
    """
    await stage.form(await stage.session(checkboxes=BOXES))
    await stage.page.get_by_test_id("card-number").fill("4000 0000 0000 0003")
    await stage.page.get_by_test_id("card-expiry").fill("01/20")
    await stage.press()
    await expect(stage.page.get_by_test_id("card-number")).to_be_focused()


@state(WRONG, "Pay by card", "refusal")
async def declined(stage: Stage) -> None:
    """Declined: that nothing was charged, why, and what to try next.

    Card 4100 0000 0000 0076.
    """
    await stage.form(await stage.session())
    await stage.card(REFUSED)
    await stage.press()
    await stage.shows("refusal")


@state(WRONG, "How do you want to pay?", "refusal")
async def not_enough_money(stage: Stage) -> None:
    """Declined for a reason that the customer can do something about.

    A fault script of the sandbox: `decline` with `INSUFFICIENT_FUNDS`.
    """
    await stage.fault(match={"verb": "authorize"}, fault="decline", error="INSUFFICIENT_FUNDS")
    await stage.form(await stage.session(CARD, VIPPS))
    await stage.card()
    await stage.press()
    await stage.shows("refusal")


@state(WRONG, "Pay by card", "refusal")
async def too_many_tries(stage: Stage) -> None:
    """So many declined cards that the page takes no more.

    Twenty declined payments, and one more.
    """
    sid = await stage.session()
    for _ in range(20):
        await stage.pay(sid, number=REFUSED)
    await stage.form(sid)
    await stage.card()
    await stage.press()
    await expect(stage.page.get_by_test_id("refusal")).to_contain_text("takes no more")


@state(WRONG, "Pay by card", "cancel")
async def cancelling_failed(stage: Stage) -> None:
    """The customer cancels without a network: the page says that it could not.

    The browser is taken off the network.
    """
    await stage.form(await stage.session())
    await stage.page.context.set_offline(True)
    await stage.press("cancel")
    await expect(stage.page.locator("#cancel-error")).to_contain_text("We could not cancel")


@state(UNKNOWN, "Pay by card", "pay")
async def slow_provider(stage: Stage) -> None:
    """The bank takes its time: the button says that it works, and what was typed stays.

    A fault script of the sandbox: `slow`.
    """
    await stage.fault(match={"verb": "authorize"}, fault="slow", seconds=8)
    await stage.form(await stage.session())
    await stage.card()
    await stage.press()
    await expect(stage.page.get_by_test_id("pay")).to_have_attribute("aria-disabled", "true")


@state(UNKNOWN, "We are asking the bank", "waiting")
async def unknown_outcome(stage: Stage) -> None:
    """The bank gave no answer. That is not a no: the page asks until it knows, and says that nobody pays twice.

    Card 4100 0000 0000 0001.
    """
    await stage.form(await stage.session())
    await stage.card(SILENT)
    await stage.press()
    await stage.shows("waiting")


@state(UNKNOWN, "We are asking the bank", "waiting")
async def unknown_for_long(stage: Stage) -> None:
    """Still no answer: the customer may safely close the page.

    A fault script of the sandbox: `silent_after` for an hour; the browser's clock is moved.
    """
    await stage.page.clock.install()
    await stage.fault(match={"verb": "authorize"}, fault="silent_after", seconds=3600, notice="lost")
    await stage.form(await stage.session())
    await stage.card()
    await stage.press()
    await stage.shows("waiting")
    await stage.page.clock.fast_forward(25_000)
    await expect(stage.page.locator("#waiting-trouble")).to_contain_text("longer than usual")


@state(UNKNOWN, "We are asking the bank", "waiting")
async def unknown_without_a_network(stage: Stage) -> None:
    """The network went while the bank was asked: the page claims nothing, and goes on when it is back.

    The browser is taken off the network, and then pays.
    """
    await stage.form(await stage.session())
    await stage.card()
    await stage.page.context.set_offline(True)
    await stage.press()
    await expect(stage.page.locator("#waiting-trouble")).to_contain_text("We have no connection")


@state(UNKNOWN, "The payment waits for your approval", "approve-link")
async def waiting_for_an_app(stage: Stage) -> None:
    """The customer came back from the app undecided: the way there, and another way to pay.

    A payment with Vipps; the page is opened again.
    """
    sid = await stage.session(CARD, VIPPS)
    await stage.pay(sid, VIPPS)
    await stage.show(sid)
    await stage.shows("approve-link")


@state(UNKNOWN, "The payment waits for your approval", "approve-link")
async def waiting_for_the_bank(stage: Stage) -> None:
    """The same for 3-D Secure: the bank wants to hear from the customer.

    Card 4000 1000 0000 0000; the page is opened again.
    """
    sid = await stage.session()
    await stage.pay(sid, number=CHALLENGED)
    await stage.show(sid)
    await stage.shows("approve-link")


@state(UNKNOWN, "The order is being updated", "waiting")
async def locked(stage: Stage) -> None:
    """The shop changes the order while the page is opened: it goes on by itself.

    `POST /v1/view/{sid}/session/lock`.
    """
    sid = await stage.session()
    await stage.lock(sid)
    await stage.show(sid)
    await stage.shows("waiting")
