"""The page when it is known how it went, and when there is nothing to show."""

from __future__ import annotations

from .stage import INVOICE, ZERO, Stage, database_that_goes_away, on_hold
from .state import state

AFTER = "Afterwards"


@state(AFTER, "The payment went through", "leaving")
async def on_the_way_back(stage: Stage) -> None:
    """Paid: the customer is on the way back to the shop, and has a link should the shop be slow.

    A card is paid with, and the shop answers with nothing to show.
    """
    await stage.page.route("https://shop.example/**", lambda route: route.fulfill(status=204))
    await stage.form(await stage.session())
    await stage.card()
    await stage.press()
    await stage.shows("leaving")


@state(AFTER, "Paid", "state-paid")
async def paid(stage: Stage) -> None:
    """Already paid: opened again, found in another tab, or come back to by the back button.

    A session that was paid.
    """
    sid = await stage.session()
    await stage.pay(sid)
    await stage.show(sid)


@state(AFTER, "The payment has been received", "state-on_hold")
async def held_for_review(stage: Stage) -> None:
    """On hold: somebody looks at the payment, and nobody needs to pay again.

    An invoice with `enable_on_hold`, approved by the customer.
    """
    sid, _ = await _held(stage)
    await stage.show(sid)


@state(AFTER, "The payment did not go through", "state-failed")
async def failed(stage: Stage) -> None:
    """What was on hold was refused.

    The review says no.
    """
    sid, approval = await _held(stage)
    await stage.decide(approval, "decline")
    await stage.until(sid, "failed")
    await stage.show(sid)


@state(AFTER, "The payment was cancelled", "state-cancelled")
async def cancelled(stage: Stage) -> None:
    """Cancelled, by the customer or by the shop.

    `POST /v1/sessions/{sid}/cancel`.
    """
    sid = await stage.session()
    assert (await stage.shop.post(f"/v1/sessions/{sid}/cancel")).status_code == 200
    await stage.show(sid)


@state(AFTER, "The payment link has expired", "state-expired")
async def expired(stage: Stage) -> None:
    """The time was up while the page was open: it says so by itself.

    The account's clock is moved by a day.
    """
    await stage.form(await stage.session())
    await stage.later("P1D")
    await stage.look_again()
    await stage.shows("state-expired")


@state(AFTER, "The card is saved", "state-paid")
async def card_saved(stage: Stage) -> None:
    """A card was saved, and nothing was paid.

    A session of `POST /v1/sessions/payment-token` with card 4000 0000 0000 0002.
    """
    sid = await stage.session_to_save_a_card()
    await stage.pay(sid, "payex.creditcard")
    await stage.show(sid)


@state(AFTER, "The order is confirmed", "state-paid")
async def order_confirmed(stage: Stage) -> None:
    """An order that costs nothing was confirmed.

    A session of 0 kroner, paid with `dintero.zero`.
    """
    order = {"amount": 0, "vat_amount": None, "items": None, "shipping_option": None}
    sid = await stage.session(ZERO, order=order)
    await stage.pay(sid, ZERO)
    await stage.show(sid)


@state(AFTER, "We cannot find this payment", "state-missing")
async def missing(stage: Stage) -> None:
    """There is no such session.

    An address that names none.
    """
    await stage.show("T00000000.5cyWnV68vzJ1kYjZPrKWWm")


@state(AFTER, "We cannot show the payment right now", "state-unavailable")
async def unavailable(stage: Stage) -> None:
    """The server is there, and its database is not. Nothing is lost.

    The database is closed to everybody.
    """
    server, name, admin = await stage.leaving.enter_async_context(database_that_goes_away(stage.database_url))
    await admin.execute(f"alter database {name} with allow_connections false")
    await admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", name)
    here = Stage(server, stage.shop, stage.page, stage.database_url, stage.language)
    await here.show("T00000000.5cyWnV68vzJ1kYjZPrKWWm")
    await admin.execute(f"alter database {name} with allow_connections true")


async def _held(stage: Stage) -> tuple[str, str]:
    """A session whose payment is on hold, and where it is looked at."""
    sid = await stage.session(INVOICE, configuration=on_hold())
    approval = str((await stage.pay(sid, INVOICE))["approval_url"])
    await stage.decide(approval, "approve")
    await stage.until(sid, "on_hold")
    return sid, approval
