"""The simulated bank pages and apps: what waits there for the customer, and the customer's yes or no.

Who knows the address may decide, as who holds the telephone may; there are none for live accounts.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from urllib.parse import quote

from msgspec import Struct

from kvitt.checkout.model.payment import WaitKind
from kvitt.checkout.providers.books import Movement, Wait
from kvitt.checkout.providers.waiting import RAN_OUT_CODE, Decision, Waits, card_ending, error_code
from kvitt.core.errors import NotFound

ApprovalState = Literal["waiting", "approved", "declined", "expired"]


class Approval(Struct, frozen=True):
    """`kind`: where it waits. `amount`: minor units. `in_review`: the customer said yes, or was not asked; whoever
    decides now is the one who looks at the payment. `expires_at`: when the customer is too late; of no meaning in a
    review. A payment that was given up is `declined`. `card_ending`: the last digits of a card that was typed."""

    attempt_id: str
    session_id: str
    payment_product_type: str
    kind: WaitKind
    amount: int
    currency: str
    merchant_name: str
    phone_number: str | None
    state: ApprovalState
    created_at: datetime
    expires_at: datetime
    in_review: bool = False
    card_ending: str = ""


class Approvals:
    """`base_url`: the public root of the payment page, without a slash at the end."""

    def __init__(self, waits: Waits, base_url: str) -> None:
        self._waits = waits
        self._base_url = base_url

    async def find(self, account_id: str, attempt_id: str) -> Approval:
        """NotFound when nothing of that id ever waited."""
        return _shown(*await self._known(account_id, attempt_id))

    async def decide(self, account_id: str, attempt_id: str, decision: Decision) -> str:
        """Answers where the customer goes next, whether this decision counted or an earlier one. NotFound as above."""
        wait, stands = await self._known(account_id, attempt_id)
        if stands is None:
            await self._waits.decide(wait, decision)
        return self.page_of(wait.session_id)

    def page_of(self, session_id: str) -> str:
        """The payment page, which forwards the customer to the shop when the payment went through."""
        return f"{self._base_url}/v1/view/{quote(session_id, safe='')}"

    async def _known(self, account_id: str, attempt_id: str) -> tuple[Wait, Movement | None]:
        found = await self._waits.find(account_id, attempt_id)
        if found is None:
            raise NotFound("No such payment waits here")
        return found


def _shown(wait: Wait, stands: Movement | None) -> Approval:
    return Approval(
        wait.attempt_id, wait.session_id, wait.product, wait.kind, wait.amount,  # type: ignore[arg-type]
        wait.currency, wait.merchant_name, wait.phone_number, _state(stands), wait.created_at, wait.expires_at,
        wait.held_at is not None, card_ending(wait),
    )  # fmt: skip


def _state(stands: Movement | None) -> ApprovalState:
    if stands is None:
        return "waiting"
    if stands.outcome == "done":
        return "approved"
    return "expired" if error_code(stands) == RAN_OUT_CODE else "declined"
