"""The customer, over HTTP: does what the payment page's script does, for `kvitt pay`, the demo and scripts of yours.

Imports nothing of the server.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import httpx

SUCCESS_CARD = "4000000000000002"
_POLL_SECONDS = (0.2, 0.5, 1.0, 2.0, 3.0)


class NotPaid(Exception):
    """The payment was refused, or its outcome is not known yet; the message is the reason in plain words."""


@dataclass(frozen=True)
class Paid:
    transaction_id: str
    redirect_url: str


@dataclass(frozen=True)
class Card:
    number: str = SUCCESS_CARD
    expiry: str = "12/30"
    cvc: str = "123"

    def __repr__(self) -> str:
        return f"Card(number=…{self.number[-4:]})"


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


async def pay(url: str, card: Card, *, patience: float = 60.0) -> Paid:
    """Opens the page, pays with the card, waits while the outcome is unknown (at most `patience` seconds)."""
    origin, sid = session_of(url)
    async with httpx.AsyncClient(base_url=origin, timeout=30) as http:
        page = await http.get(f"/v1/view/{sid}", headers={"Accept": "text/html"})
        if page.status_code == 404:
            raise NotPaid("There is no such session.")
        answer = await http.post(
            f"/v1/sessions/{sid}/pay",
            json={
                "payment_product_type": "dintero_psp.creditcard",
                "card": {"number": card.number, "expiry": card.expiry, "cvc": card.cvc},
            },
        )
        body = answer.json()
        if answer.status_code == 200 and body.get("success"):
            return Paid(body["transaction_id"], body["redirect_url"])
        if answer.status_code in (200, 409):
            return await _wait(http, sid, patience)
        raise NotPaid(_reason(body))


async def _wait(http: httpx.AsyncClient, sid: str, patience: float) -> Paid:
    waited, turn = 0.0, 0
    while waited < patience:
        pause = _POLL_SECONDS[min(turn, len(_POLL_SECONDS) - 1)]
        await asyncio.sleep(pause)
        waited, turn = waited + pause, turn + 1
        state = (await http.get(f"/v1/view/{sid}/session")).json()
        if state.get("state") in ("paid", "on_hold"):
            href = state["href"]
            return Paid(parse_qs(urlsplit(href).query)["transaction_id"][0], href)
        if state.get("state") not in ("paying", "unknown", "locked"):
            raise NotPaid("The payment was not completed.")
    raise NotPaid("The outcome is still unknown: the provider has not answered. Ask later; nothing is paid twice.")


def _reason(body: dict[str, object]) -> str:
    error = body.get("error")
    if not isinstance(error, dict):
        return "The payment was refused."
    details = [str(entry["message"]) for entry in error.get("errors") or [] if isinstance(entry, dict)]
    return "; ".join(dict.fromkeys([str(error.get("message", "The payment was refused.")), *details]))
