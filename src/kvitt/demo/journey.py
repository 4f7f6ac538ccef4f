"""The journey of the guide "Using Orders and Checkout together", request by request, as a shop's program makes it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx

from kvitt.core.tax import vat_included
from kvitt.customer import NotPaid, pay
from kvitt.demo.shop import DemoShop

AMOUNT = 39800
VAT = vat_included(AMOUNT, Decimal(25))
CHAIR = {
    "id": "175938",
    "line_id": 1,
    "quantity": 2,
    "gross_amount": AMOUNT,
    "tax_lines": [{"amount": VAT, "percentage": 25}],
    "description": "Stablestol for utendørsbruk",
    "description_alias": "Stablestol",
}


@dataclass
class Step:
    """One thing that was done, and whether it came out as expected."""

    title: str
    request: str
    answer: str
    milliseconds: float
    faults: list[str] = field(default_factory=list)


@dataclass
class Journey:
    """One order's way from draft to refunded. `order` and `transaction` hold what was last seen of them."""

    http: httpx.AsyncClient
    account_id: str
    client_id: str
    client_secret: str
    shop: DemoShop
    order: Mapping[str, Any] = field(default_factory=dict)
    transaction: Mapping[str, Any] = field(default_factory=dict)
    session_url: str = ""

    async def steps(self) -> AsyncIterator[Step]:
        """Yields each step as it is done. One that came out wrong carries its faults and is the last."""
        for act in (
            self._token,
            self._draft,
            self._complete,
            self._session,
            self._pay,
            self._callback,
            self._transaction,
            self._see_session,
            self._authorization,
            self._capture,
            self._order_capture,
            self._see_paid,
            self._refund,
            self._order_refund,
            self._see_refunded,
        ):
            step = await act()
            yield step
            if step.faults:
                return

    async def second_order(self) -> AsyncIterator[Step]:
        """Another order, authorized and then voided before anything was captured."""
        self.order, self.transaction = {}, {}
        for act in (self._draft, self._complete, self._session, self._pay, self._void):
            step = await act()
            yield step
            if step.faults:
                return

    async def open_session(self) -> str:
        """One more order with a session nobody has paid yet: a link for the reader to click."""
        for act in (self._draft, self._complete, self._session):
            await act()
        return self.session_url

    # -- the requests, in order ---------------------------------------------------------------------------------------

    async def _token(self) -> Step:
        body = {
            "audience": f"https://api.dintero.com/v1/accounts/{self.account_id}",
            "grant_type": "client_credentials",
        }
        step, answer = await self._call(
            "Fetch a token", "POST", f"/v1/accounts/{self.account_id}/auth/token", body,
            auth=(self.client_id, self.client_secret),
        )  # fmt: skip
        _expect(step, "token_type", answer.get("token_type"), "Bearer")
        token = str(answer.get("access_token", ""))
        self.http.headers["Authorization"] = f"Bearer {token}"
        step.answer = f"access_token {token[:12]}…, expires_in {answer.get('expires_in')}"
        return step

    async def _draft(self) -> Step:
        body = {"options": {"generate_order_id": "ALPHANUMERIC_9"}, "order": {"currency": "NOK", "items": [CHAIR]}}
        step, answer = await self._call("Create a draft order", "POST", self._shopping("draft_orders"), body)
        self._draft_id = str(answer.get("id", ""))
        step.answer = f"draft {self._draft_id}"
        if not self._draft_id:
            step.faults.append("the answer has no id")
        return step

    async def _complete(self) -> Step:
        path = self._shopping(f"draft_orders/{self._draft_id}/complete")
        step, answer = await self._call("Complete the draft", "PUT", path, {})
        self.order = (answer.get("orders") or [{}])[0]
        _expect(step, "status", self.order.get("status"), "open")
        _expect(step, "payment_status", self.order.get("payment_status"), "pending")
        step.answer = f"order {self.order.get('order_id')}"
        return step

    async def _session(self) -> Step:
        item = {
            "id": "175938", "line_id": "1", "description": "Stablestol", "quantity": 2,
            "amount": AMOUNT, "vat_amount": VAT, "vat": 25,
        }  # fmt: skip
        body = {
            "url": {"return_url": f"{self.shop.url}/thanks", "callback_url": f"{self.shop.url}/callback"},
            "order": {
                "amount": AMOUNT,
                "currency": "NOK",
                "vat_amount": VAT,
                "merchant_reference": self.order.get("order_id"),
                "items": [item],
            },
            "profile_id": "default",
        }
        step, answer = await self._call("Create a checkout session", "POST", "/v1/sessions-profile", body)
        self._session_id, self.session_url = str(answer.get("id", "")), str(answer.get("url", ""))
        step.answer = f"url {self.session_url}"
        if not self.session_url:
            step.faults.append("the answer has no url")
        return step

    async def _pay(self) -> Step:
        started = time.perf_counter()
        step = Step("The customer pays on the page", f"POST /v1/sessions/{self._session_id}/pay", "", 0.0)
        try:
            paid = await pay(self.session_url)
        except NotPaid as error:
            step.faults.append(str(error))
        else:
            self._transaction_id = paid.transaction_id
            step.answer = f"back to the shop with transaction_id {paid.transaction_id}"
            for name in ("transaction_id=", "session_id=", "merchant_reference="):
                if name not in paid.redirect_url:
                    step.faults.append(f"the redirect has no {name[:-1]}")
        step.milliseconds = (time.perf_counter() - started) * 1000
        return step

    async def _callback(self) -> Step:
        started = time.perf_counter()
        step = Step("The shop's callback_url is called", "GET …/callback", "", 0.0)
        query = await self.shop.callback_for(str(self.order.get("order_id")), timeout=15)
        step.milliseconds = (time.perf_counter() - started) * 1000
        if query is None:
            step.faults.append("no callback came within 15 seconds")
        else:
            _expect(step, "transaction_id", query.get("transaction_id"), self._transaction_id)
            step.answer = ", ".join(sorted(query))
        return step

    async def _transaction(self) -> Step:
        step, self.transaction = await self._call(
            "Retrieve the transaction", "GET", f"/v1/transactions/{self._transaction_id}"
        )
        _expect(step, "status", self.transaction.get("status"), "AUTHORIZED")
        step.answer = "events " + ", ".join(event["event"] for event in self.transaction.get("events", []))
        return step

    async def _see_session(self) -> Step:
        step, answer = await self._call("Retrieve the session", "GET", f"/v1/sessions/{self._session_id}")
        _expect(step, "transaction_id", answer.get("transaction_id"), self._transaction_id)
        step.answer = "events " + ", ".join(event["name"] for event in answer.get("events", []))
        return step

    async def _authorization(self) -> Step:
        return await self._register("Mark the order as authorized", "authorizations")

    async def _capture(self) -> Step:
        return await self._operate("Capture the transaction", "capture", "CAPTURED")

    async def _order_capture(self) -> Step:
        return await self._register("Mark the order as captured", "captures")

    async def _see_paid(self) -> Step:
        return await self._see_order("The order is paid", "paid")

    async def _refund(self) -> Step:
        return await self._operate("Refund the transaction", "refund", "REFUNDED")

    async def _order_refund(self) -> Step:
        return await self._register("Mark the order as refunded", "refunds")

    async def _see_refunded(self) -> Step:
        return await self._see_order("The order is refunded", "refunded")

    async def _void(self) -> Step:
        step, self.transaction = await self._call(
            "Void before capture", "POST", f"/v1/transactions/{self._transaction_id}/void", None
        )
        _expect(step, "status", self.transaction.get("status"), "AUTHORIZATION_VOIDED")
        return step

    # -- how they are made --------------------------------------------------------------------------------------------

    async def _register(self, title: str, what: str) -> Step:
        body = {
            "items": [{"amount": AMOUNT, "line_id": 1}],
            "payment_details": {"payment_id": self._transaction_id},
            "success": True,
        }
        path = self._shopping(f"orders/{self.order.get('order_id')}/{what}")
        step, answer = await self._call(title, "POST", path, body)
        _expect(step, "amount", answer.get("amount"), AMOUNT)
        step.answer = f"id {answer.get('id')}, amount {answer.get('amount')}"
        return step

    async def _operate(self, title: str, verb: str, expected: str) -> Step:
        body = {"amount": AMOUNT, "items": [{"line_id": "1", "amount": AMOUNT}]}
        step, self.transaction = await self._call(
            title, "POST", f"/v1/transactions/{self._transaction_id}/{verb}", body
        )
        _expect(step, "status", self.transaction.get("status"), expected)
        return step

    async def _see_order(self, title: str, expected: str) -> Step:
        step, self.order = await self._call(title, "GET", self._shopping(f"orders/{self.order.get('order_id')}"))
        _expect(step, "payment_status", self.order.get("payment_status"), expected)
        return step

    def _shopping(self, path: str) -> str:
        return f"/v1/accounts/{self.account_id}/shopping/{path}"

    async def _call(
        self, title: str, method: str, path: str, body: object = None, *, auth: tuple[str, str] | None = None
    ) -> tuple[Step, dict[str, Any]]:
        started = time.perf_counter()
        answer = await self.http.request(method, path, json=body, auth=auth or httpx.USE_CLIENT_DEFAULT)
        step = Step(title, f"{method} {path}", "", (time.perf_counter() - started) * 1000)
        try:
            content = answer.json()
        except ValueError:
            content = {}
        if answer.status_code != 200 or not isinstance(content, dict):
            step.faults.append(f"HTTP {answer.status_code}: {answer.text[:300]}")
            return step, {}
        return step, content


def _expect(step: Step, name: str, found: object, wanted: object) -> None:
    if found != wanted and not step.faults:
        step.faults.append(f"{name} is {found!r}, expected {wanted!r}")
