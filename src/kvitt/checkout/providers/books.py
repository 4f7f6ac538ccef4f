"""What stands in the sandbox's books: movements, the news that are owed of them, and what waits for the customer."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

import msgspec

from kvitt.checkout.model.transaction import EventError

DECIDED, HELD, RAN_OUT = 100, 101, -1
"""Numbers of the news of one attempt that do not come of the call itself."""


class Movement(msgspec.Struct, frozen=True):
    """What the sandbox did for one attempt. `outcome`: done, refused, lost or fenced; `data`: JSON of `Notes`.

    Only `done` moves money. `final`: a capture that voids the remainder, an authorization that is captured at once.
    `expires_at`: of an authorization.
    """

    account_id: str
    attempt_id: str
    payment_id: str
    verb: str
    amount: int
    currency: str
    outcome: str
    created_at: datetime
    data: str = "{}"
    final: bool = False
    expires_at: datetime | None = None


class NoticePlan(msgspec.Struct, frozen=True):
    """News of a movement, to be sent at `due_at` in the account's time. `held`: after the next one of its payment.

    `number`: among those of its attempt; its place in the plan when it is not said.
    """

    due_at: datetime
    held: bool = False
    number: int | None = None


class Notes(msgspec.Struct, frozen=True, omit_defaults=True):
    """`behaviour`: of the card. `silent`: the answer is kept back, for `seconds`. `error`: why it was refused.

    `refusal`: what the books' sums said against it. `card_ending`: of a card that was typed, the last four digits, for
    the page where it waits.
    """

    behaviour: str = "success"
    silent: bool = False
    seconds: float | None = None
    error: EventError | None = None
    refusal: str = ""
    card_ending: str = ""


class Wait(msgspec.Struct, frozen=True):
    """An authorization that waits for the customer, or for a review. It is over once a movement of the attempt stands.

    `expires_at`: when the customer is too late. `held_at`: since when it is reviewed; a review has no end of its own.
    `review`: the customer's yes is followed by one. `data`: JSON of `Notes`.
    """

    account_id: str
    attempt_id: str
    payment_id: str
    session_id: str
    product: str
    kind: str
    amount: int
    currency: str
    merchant_name: str
    phone_number: str | None
    created_at: datetime
    expires_at: datetime
    review: bool = False
    held_at: datetime | None = None
    data: str = "{}"


class Books(Protocol):
    """Where movements stand, durably. Members as in `Movement`, `NoticePlan` and `Wait`, in that order."""

    async def record(self, movement: Any, notices: Any = ()) -> Any:
        """Writes the movement unless its attempt is known, and answers what the books hold: the first one wins."""
        ...

    async def get(self, account_id: str, attempt_id: str) -> Any: ...

    async def untold(self, account_id: str, attempt_id: str) -> bool:
        """Whether news of the call are still to be sent."""
        ...

    async def wait(self, wait: Any, notices: Any) -> Any:
        """Writes that an attempt waits, with the news that are owed; answers what stands: the first one wins."""
        ...

    async def waiting(self, account_id: str, attempt_id: str) -> Any: ...

    async def hold(self, account_id: str, attempt_id: str, at: datetime, notice: Any) -> None:
        """The customer said yes and a review begins, unless it began before."""
        ...
