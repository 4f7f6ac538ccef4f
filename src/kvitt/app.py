"""The composition root: what kvitt is made of, and every route of it, in one readable expression."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from kvitt.accounts import api as accounts_api
from kvitt.accounts.flows import Accounts
from kvitt.checkout import api as checkout_api
from kvitt.checkout.flows import Checkout
from kvitt.checkout.providers.sandbox import Sandbox
from kvitt.config import Config
from kvitt.core.clock import Clock, system_clock
from kvitt.delivery import api as delivery_api
from kvitt.delivery import api_feed, api_hooks
from kvitt.delivery.client import OutgoingClient
from kvitt.delivery.flows import Deliverer, receiver_of
from kvitt.delivery.flows_fanout import FanOut
from kvitt.delivery.flows_feed import Feed
from kvitt.delivery.flows_hooks import Subscriptions
from kvitt.delivery.flows_webhooks import Webhooks, subscription_of
from kvitt.delivery.model_hooks import DELIVER_TASK
from kvitt.delivery.wire_hooks import shown
from kvitt.hosted import pages
from kvitt.orders import api as orders_api
from kvitt.orders.flows import Orders
from kvitt.store import SandboxBooks, Store, connect
from kvitt.web import Asgi, build_app
from kvitt.worker import Worker


@dataclass
class App:
    """A running kvitt: `asgi` answers HTTP; `start` and `close` begin and end what runs beside it."""

    config: Config
    asgi: Asgi
    store: Store
    books: SandboxBooks
    accounts: Accounts
    orders: Orders
    checkout: Checkout
    deliverer: Deliverer
    feed: Feed
    fan_out: FanOut
    worker: Worker

    async def start(self) -> None:
        if self.config.run_worker:
            self.worker.start()
            self.fan_out.start()

    def end_streams(self) -> None:
        """Ends the answers that would go on for ever; a server that stops calls it before it waits for the others."""
        self.feed.end_streams()

    async def close(self) -> None:
        await self.fan_out.close()
        await self.feed.close()
        await self.worker.stop()
        await self.deliverer.close()
        await self.books.close()
        await self.store.close()


async def build(config: Config, clock: Clock = system_clock) -> App:
    """Connects to `config.database_url` and puts the parts together."""
    if config.database_url is None:
        raise ValueError("config.database_url is not set")
    store = await connect(config.database_url)
    books = SandboxBooks(config.database_url)
    checkout = Checkout(store, clock, {"sandbox": Sandbox(books, clock)}, config.base_url)
    accounts = Accounts(store, clock, config.base_url, config.token_seconds, checkout.create_default_profile)
    orders = Orders(store, clock)
    client = OutgoingClient()
    deliverer = Deliverer(store, clock, client, on_delivered=checkout.callback_sent)
    feed = Feed(store, clock)
    fan_out = FanOut(store, clock, feed, {"draft": orders.draft, "order": orders.order})
    subscriptions = Subscriptions(store, clock, fan_out.look)
    webhooks = Webhooks(store, clock, client, shown)
    worker = Worker(
        store,
        clock,
        handlers={**checkout.task_handlers(), "checkout.callback": deliverer.deliver, **webhooks.task_handlers()},
        lanes={"checkout.callback": receiver_of, DELIVER_TASK: subscription_of},
    )
    asgi = build_app(
        [
            *accounts_api.routes(accounts),
            *orders_api.routes(orders),
            *checkout_api.routes(checkout),
            *delivery_api.routes(deliverer),
            *api_feed.routes(feed),
            *api_hooks.routes(subscriptions),
            *pages.routes(checkout),
        ],
        authenticate=accounts.authenticate,
        base_url=config.base_url,
        ready=store.healthy,
    )
    return App(config, asgi, store, books, accounts, orders, checkout, deliverer, feed, fan_out, worker)


@asynccontextmanager
async def opened(config: Config) -> AsyncIterator[App]:
    """kvitt without HTTP and without a worker: for commands."""
    app = await build(config)
    try:
        yield app
    finally:
        await app.close()
