"""The commands of a shop's developer: pay as the customer, listen to the feed."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from kvitt.cli.common import err, fail


def pay(
    session_url: Annotated[str, typer.Argument(metavar="SESSION_URL", help="The `url` a session was created with.")],
    card: Annotated[str, typer.Option(help="Card number; see docs/guides/test-cards.md.")] = "4000000000000002",
    expiry: Annotated[str, typer.Option(help="MM/YY.")] = "12/30",
    cvc: Annotated[str, typer.Option(help="Three digits.")] = "123",
    product: Annotated[
        str, typer.Option(help="Payment product, e.g. vipps or collector.invoice. A card without.")
    ] = "",
    phone: Annotated[str | None, typer.Option(help="Phone number, for Vipps, Swish and MobilePay.")] = None,
    gift_card: Annotated[str | None, typer.Option(help="Gift card number.")] = None,
    decline: Annotated[bool, typer.Option("--decline", help="Say no at the sandbox's bank or app.")] = False,
) -> None:
    """Act as the customer: pay a session over HTTP as the page does, and say yes where the sandbox's bank or app asks.

    Prints the transaction id as its last word."""
    import httpx

    from kvitt.customer import Card, Method, NotPaid
    from kvitt.customer import pay as pay_session

    method = Method(product, Card(card.replace(" ", ""), expiry, cvc), phone, gift_card, decline)
    try:
        paid = asyncio.run(pay_session(session_url, method))
    except (NotPaid, ValueError) as error:
        fail(str(error))
    except httpx.HTTPError as error:
        fail(f"The server at {session_url} does not answer: {error or type(error).__name__}")
    err.print(f"{'On hold' if paid.on_hold else 'Paid'}. The shop's page: {paid.redirect_url}", soft_wrap=True)
    print(f"transaction {paid.transaction_id}")


def listen(
    forward_to: Annotated[str, typer.Option(help="Where to post the events, e.g. http://localhost:3000/hook.")],
    account: Annotated[str, typer.Option(envvar="KVITT_ACCOUNT", help="The account whose events these are.")],
    client_id: Annotated[str, typer.Option(envvar="KVITT_CLIENT_ID", help="A client that holds read:hooks.")],
    client_secret: Annotated[str, typer.Option(envvar="KVITT_CLIENT_SECRET", help="Better not typed here.")],
    url: Annotated[str, typer.Option(help="The kvitt server.")] = "http://127.0.0.1:8080",
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Only these, e.g. order.created or order.*. Repeat for more.")
    ] = None,
    after: Annotated[str | None, typer.Option(help="Go on behind this cursor; by default with what is new.")] = None,
    from_start: Annotated[bool, typer.Option("--from-start", help="Begin with the account's first event.")] = False,
) -> None:
    """Post the account's events to a receiver on your machine as they happen. See docs/guides/events.md."""
    from kvitt.listen import CannotListen, Listener

    if after and from_start:
        fail("--after and --from-start exclude each other.")
    listener = Listener(
        url.rstrip("/"), account, client_id, client_secret, forward_to, tuple(types or ()),
        None if from_start else after or "latest",
        tell=lambda line: print(line, flush=True),
        warn=lambda line: err.print(line, soft_wrap=True, markup=False),
    )  # fmt: skip
    err.print(f"Events of {account} go to {forward_to}   stop with Ctrl-C", soft_wrap=True, markup=False)
    try:
        asyncio.run(listener.run())
    except KeyboardInterrupt:
        if listener.after not in (None, "latest"):
            err.print(f"Stopped. To go on from here: --after {listener.after}", soft_wrap=True)
    except CannotListen as error:
        fail(str(error))
