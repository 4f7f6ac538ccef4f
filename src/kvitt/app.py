"""The composition root: what kvitt is made of, and every route of it, in one readable expression."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from kvitt.accounts import api as accounts_api
from kvitt.accounts.flows import Accounts
from kvitt.checkout import api as checkout_api
from kvitt.checkout.api.aliases import with_aliases
from kvitt.checkout.flows import Checkout
from kvitt.checkout.providers.shop import PATIENCE_SECONDS
from kvitt.config import Config
from kvitt.core.clock import Clock, system_clock
from kvitt.delivery import api as delivery_api
from kvitt.delivery.client import OutgoingClient
from kvitt.delivery.flows.callbacks import Deliverer, receiver_of
from kvitt.delivery.flows.fanout import FanOut
from kvitt.delivery.flows.feed import Feed
from kvitt.delivery.flows.figures import Figures
from kvitt.delivery.flows.history import History
from kvitt.delivery.flows.questions import Questions
from kvitt.delivery.flows.receivers import Receivers
from kvitt.delivery.flows.subscriptions import Subscriptions
from kvitt.delivery.flows.webhooks import Webhooks, subscription_of
from kvitt.delivery.model.webhooks import DELIVER_TASK
from kvitt.delivery.wire.subscriptions import shown
from kvitt.hosted import approval, pages
from kvitt.orders import api as orders_api
from kvitt.orders.flows import Orders
from kvitt.sandbox import api as sandbox_api
from kvitt.sandbox.flows import SandboxHouse, open_sandbox
from kvitt.store import SandboxBooks, Store, connect
from kvitt.together import api as together_api
from kvitt.together.flows import Together
from kvitt.web import Asgi, build_app
from kvitt.worker import Sealer, Worker


@dataclass
class App:
    """A running kvitt: `asgi` answers HTTP; `start` and `close` begin and end what runs beside it."""

    config: Config
    asgi: Asgi
    store: Store
    books: SandboxBooks
    sandbox: SandboxHouse
    accounts: Accounts
    orders: Orders
    checkout: Checkout
    deliverer: Deliverer
    asking: OutgoingClient
    feed: Feed
    fan_out: FanOut
    worker: Worker
    sealer: Sealer

    async def start(self) -> None:
        self.sandbox.start(self.checkout.notified if self.config.run_worker else None)
        self.sealer.start()  # also where timers run elsewhere: each process seals what it committed
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
        await self.sealer.close()
        await self.deliverer.close()
        await self.asking.close()
        await self.sandbox.close()
        await self.books.close()
        await self.store.close()


async def build(config: Config, clock: Clock = system_clock) -> App:
    """Connects to `config.database_url` and puts the parts together."""
    if config.database_url is None:
        raise ValueError("config.database_url is not set")
    store = await connect(config.database_url)
    books = SandboxBooks(config.database_url)
    sandbox = await open_sandbox(store, books, clock, config.base_url)
    clock = sandbox.clock
    asking = OutgoingClient(timeout_seconds=PATIENCE_SECONDS)
    questions = Questions(store, clock, asking)
    checkout = Checkout(store, clock, {"sandbox": sandbox.provider}, config.base_url, questions)
    accounts = Accounts(store, clock, config.base_url, config.token_seconds, checkout.create_default_profile)
    orders = Orders(store, clock)
    client = OutgoingClient()
    receivers = Receivers(store, clock)
    figures = Figures(receivers)
    deliverer = Deliverer(
        store, clock, client, receivers=receivers, figures=figures, on_delivered=checkout.callback_sent
    )
    feed = Feed(store, clock)
    fan_out = FanOut(store, clock, feed, {"draft": orders.draft, "order": orders.order})
    subscriptions = Subscriptions(store, clock, fan_out.look)
    webhooks = Webhooks(store, clock, client, shown, receivers=receivers, figures=figures)
    worker = Worker(
        store,
        clock,
        handlers={
            **checkout.task_handlers(),
            **orders.task_handlers(),
            "checkout.callback": deliverer.deliver,
            **webhooks.task_handlers(),
        },
        lanes={"checkout.callback": receiver_of, DELIVER_TASK: subscription_of},
    )
    asgi = build_app(
        [
            *accounts_api.routes(accounts),
            *orders_api.routes(orders, accounts.time_zone_of),
            *with_aliases(
                [
                    *checkout_api.routes(checkout),
                    *delivery_api.routes(deliverer.signatures, History(store, clock), subscriptions, feed),
                ]
            ),
            *together_api.routes(Together(store, orders, checkout)),
            *sandbox_api.routes(sandbox),
            *pages.routes(checkout),
            *approval.routes(sandbox.approvals, clock),
        ],
        authenticate=accounts.authenticate,
        base_url=config.base_url,
        ready=store.healthy,
        figures=[figures],
    )
    return App(
        config, asgi, store, books, sandbox, accounts, orders, checkout, deliverer, asking, feed, fan_out, worker,
        Sealer(store),
    )  # fmt: skip


@asynccontextmanager
async def opened(config: Config) -> AsyncIterator[App]:
    """kvitt without HTTP and without a worker: for commands."""
    app = await build(config)
    try:
        yield app
    finally:
        await app.close()
