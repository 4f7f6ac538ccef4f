"""The customer, over HTTP: does what the payment page's script does, for `kvitt pay`, the demo and scripts of yours.

Imports nothing of the server.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

SUCCESS_CARD = "4000000000000002"
_CARD = "creditcard"
_POLL_SECONDS = (0.2, 0.5, 1.0, 2.0, 3.0)


class NotPaid(Exception):
    """The payment was refused, or its outcome is not known yet; the message is the reason in plain words."""


@dataclass(frozen=True)
class Paid:
    """`on_hold`: the customer has done their part, and somebody looks at the payment before it is final."""

    transaction_id: str
    redirect_url: str
    on_hold: bool = False


@dataclass(frozen=True)
class Card:
    number: str = SUCCESS_CARD
    expiry: str = "12/30"
    cvc: str = "123"

    def __repr__(self) -> str:
        return f"Card(number=…{self.number[-4:]})"


@dataclass(frozen=True)
class Method:
    """How to pay. `product`: `payex.vipps`, or `vipps` for the first that the session offers of it; "" for a card.

    `decline`: says no at the sandbox's bank or app, where it is asked.
    """

    product: str = ""
    card: Card = field(default_factory=Card)
    phone_number: str | None = None
    gift_card: str | None = field(default=None, repr=False)
    decline: bool = False

    def body(self, product: str) -> dict[str, object]:
        """What is sent to pay with the product: a card where it takes one."""
        card = {"number": self.card.number, "expiry": self.card.expiry, "cvc": self.card.cvc}
        given = {
            "card": card if product.endswith(_CARD) else None,
            "phone_number": self.phone_number,
            "gift_card": self.gift_card,
        }
        return {"payment_product_type": product, **{name: value for name, value in given.items() if value is not None}}


def session_of(url: str) -> tuple[str, str]:
    """`(origin with path prefix, session id)` of a payment page's address: …/v1/view/{sid} or …/?sid={sid}."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError(f"{url!r} is not the address of a payment page; it begins with http:// or https://")
    prefix, found, rest = parts.path.partition("/v1/view/")
    sid = rest.split("/", 1)[0] if found else (parse_qs(parts.query).get("sid") or [""])[0]
    if not sid:
        raise ValueError(f"{url!r} names no session: expected …/v1/view/SESSION_ID or …/?sid=SESSION_ID")
    return f"{parts.scheme}://{parts.netloc}{prefix.rstrip('/')}", sid


async def pay(url: str, method: Method | None = None, *, patience: float = 60.0) -> Paid:
    """Opens the page, pays, says yes or no at the sandbox's bank or app, and waits while the outcome is unknown.

    `method`: by default the card that goes through. `patience`: seconds, at most.
    """
    origin, sid = session_of(url)
    method = method or Method()
    async with httpx.AsyncClient(base_url=origin, timeout=30) as http:
        page = await http.get(f"/v1/view/{sid}", headers={"Accept": "text/html"})
        if page.status_code == 404:
            raise NotPaid("There is no such session.")
        product = await _product(http, sid, method.product)
        answer = await http.post(f"/v1/sessions/{sid}/pay", json=method.body(product))
        body = answer.json()
        if answer.status_code == 200 and body.get("approval_url"):
            await _decide(http, body["approval_url"], "decline" if method.decline else "approve")
        elif answer.status_code == 200 and body.get("success"):
            return Paid(body["transaction_id"], body["redirect_url"], _on_hold(body))
        if answer.status_code in (200, 409):
            return await _wait(http, sid, patience)
        raise NotPaid(_reason(body))


async def _product(http: httpx.AsyncClient, sid: str, wanted: str) -> str:
    """The session's payment product of that name; a card's when none is wanted."""
    session = (await http.get(f"/v1/view/{sid}/session")).json()
    offered = [str(method["payment_product_type"]) for method in session.get("payment_methods", ())]
    name = wanted or _CARD
    found = next((product for product in offered if name in (product, product.rpartition(".")[2])), None)
    if found is not None:
        return found
    if wanted:
        raise NotPaid(f"The session does not offer {wanted}; it offers {', '.join(offered) or 'nothing'}.")
    return f"dintero_psp.{_CARD}"


async def _decide(http: httpx.AsyncClient, approval_url: str, decision: str) -> None:
    """At the sandbox's bank or app. A real one is for people."""
    if "/sandbox/approvals/" not in urlsplit(approval_url).path:
        raise NotPaid(f"The payment waits for a person at {approval_url}")
    answer = await http.post(approval_url, json={"decision": decision})
    if answer.status_code != 200:
        raise NotPaid(_reason(answer.json()))


async def _wait(http: httpx.AsyncClient, sid: str, patience: float) -> Paid:
    waited, turn = 0.0, 0
    while waited < patience:
        pause = _POLL_SECONDS[min(turn, len(_POLL_SECONDS) - 1)]
        await asyncio.sleep(pause)
        waited, turn = waited + pause, turn + 1
        session = (await http.get(f"/v1/view/{sid}/session")).json()
        state = session.get("state")
        if state in ("paid", "on_hold"):
            href = session["href"]
            return Paid(parse_qs(urlsplit(href).query)["transaction_id"][0], href, state == "on_hold")
        if state not in ("paying", "unknown", "locked"):
            decline = session.get("decline") or {"message": "The payment was not completed."}
            raise NotPaid(str(decline["message"]))
    raise NotPaid("The outcome is still unknown: the provider has not answered. Ask later; nothing is paid twice.")


def _on_hold(body: dict[str, Any]) -> bool:
    return any(action.get("code") == "ON_HOLD" for action in body.get("actions") or ())


def _reason(body: dict[str, object]) -> str:
    error = body.get("error")
    if not isinstance(error, dict):
        return "The payment was refused."
    details = [str(entry["message"]) for entry in error.get("errors") or [] if isinstance(entry, dict)]
    return "; ".join(dict.fromkeys([str(error.get("message", "The payment was refused.")), *details]))
