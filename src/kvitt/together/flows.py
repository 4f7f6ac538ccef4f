"""Starting a session of an order: the order's half and the checkout's half are one Change."""

from __future__ import annotations

from kvitt.checkout.flows import Actor, Checkout
from kvitt.core.change import Change
from kvitt.core.errors import NotFound
from kvitt.core.idempotency import Once
from kvitt.orders.flows import Orders
from kvitt.orders.model import Origin
from kvitt.orders.model.sessions import OrderSession
from kvitt.store import Store
from kvitt.together.model import OrderSessionRequest
from kvitt.together.rules import order_session, refuse_larger, session_options


class Together:
    """What the order service and the checkout do for each other. Each decides its own half."""

    def __init__(self, store: Store, orders: Orders, checkout: Checkout) -> None:
        self._store = store
        self._orders = orders
        self._checkout = checkout

    async def create_session(
        self,
        origin: Origin,
        order_id: str,
        request: OrderSessionRequest,
        actor: Actor,
        expected: int | None = None,
        once: Once | None = None,
    ) -> OrderSession:
        """A checkout session of these lines, and the order with it. `expected`: the order's version that was read.

        `actor`: the caller as the checkout knows them, without their key, which is `once`.
        """
        account_id = origin.account_id

        async def decide() -> tuple[Change, OrderSession]:
            row, items = await self._orders.payable(account_id, order_id, request.items, expected)
            options = session_options(row.doc.order, items, request)
            made, session = await self._checkout.prepare_session(account_id, options, actor)
            refuse_larger(made)
            url = self._checkout.page_url(session.id)
            kept = order_session(session, items, request, url=url, by=origin.subject)
            return made + self._orders.with_session(origin, row, kept), kept

        return await self._store.decide(decide, on=(account_id, order_id), once=once)

    async def sessions(self, account_id: str, order_id: str) -> tuple[OrderSession, ...]:
        """The oldest first."""
        return (await self._orders.record(account_id, order_id)).order.sessions

    async def session(self, account_id: str, order_id: str, session_id: str) -> OrderSession:
        order = (await self._orders.record(account_id, order_id)).order
        for session in order.sessions:
            if session.id == session_id:
                return session
        raise NotFound(f"order {order.order_id} has no session {session_id}")
