"""Authorizations that wait for the customer at a bank's page, in an app, or for a review.

A wait ends when a movement of its attempt stands, whoever writes it: the customer's decision, the time that ran out,
the customer who pays otherwise, the review. The books write one movement an attempt, so of two that come at once the
first one counts. News are owed in the same commit: kvitt is told of what stands already, never of what may still fail.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

import msgspec

from kvitt.checkout.model.payment import UNKNOWN, Ask, Capabilities, Outcome
from kvitt.checkout.model.transaction import EventError, RetryPolicy
from kvitt.checkout.providers.books import DECIDED, HELD, RAN_OUT, Books, Movement, Notes, NoticePlan, Wait
from kvitt.checkout.providers.products import PRODUCTS
from kvitt.core.clock import Clock

PATIENCE = timedelta(minutes=10)
"""How long the customer has."""

Decision = Literal["approve", "decline", "run_out"]
"""`run_out`: nobody answers, and the time is over at once. For this attempt alone: the account's clock stays."""

_AGAIN = RetryPolicy(("RETRY_IMMEDIATELY",))
_NOT_VERIFIED = EventError(
    "The cardholder could not be verified", "3DS_FAILED", ("FAILED_VERIFICATION",), retry_policy=_AGAIN
)
_DECLINED = EventError("The customer declined the payment", "DECLINED_BY_CUSTOMER", ("DECLINED",), retry_policy=_AGAIN)
_NOT_GRANTED = EventError("The payment was looked at, and refused", "REVIEW_DECLINED", ("DECLINED",))
RAN_OUT_CODE = "RAN_OUT"
_RAN_OUT = EventError("The customer did not answer in time", RAN_OUT_CODE, ("DECLINED",), retry_policy=_AGAIN)
_GIVEN_UP = EventError("The customer chose to pay otherwise", "GIVEN_UP", ("DECLINED",), retry_policy=_AGAIN)


class Waits:
    """`base_url`: where the simulated pages are, without a slash at the end."""

    def __init__(self, books: Books, clock: Clock, base_url: str) -> None:
        self._books = books
        self._clock = clock
        self._base_url = base_url

    async def begin(self, ask: Ask, kind: str, can: Capabilities, notes: Notes, notices: list[NoticePlan]) -> Outcome:
        """Writes that it waits. kvitt hears when the time runs out, whatever else it hears before."""
        now = self._clock(ask.account_id)
        wait = Wait(
            ask.account_id, ask.attempt_id, ask.payment_id, ask.session_id, ask.product, kind, ask.amount,
            ask.currency, ask.merchant_name, ask.payer.phone_number, now, now + PATIENCE,
            can.review and ask.payer.review, now if can.approved_by_shop else None,
            msgspec.json.encode(notes).decode(),
        )  # fmt: skip
        ends = [] if can.approved_by_shop else [NoticePlan(wait.expires_at, number=RAN_OUT)]
        return self.told(await self._books.wait(wait, [*notices, *ends]))

    async def find(self, account_id: str, attempt_id: str) -> tuple[Wait, Movement | None] | None:
        """The wait, and the movement that ended it. One whose time is over is ended here."""
        wait = await self._books.waiting(account_id, attempt_id)
        if wait is None:
            return None
        return wait, await self._books.get(account_id, attempt_id) or await self.over(wait)

    async def over(self, wait: Wait, *, given_up: bool = False) -> Movement | None:
        """The movement of a wait that the customer gave up, or whose time is over; None while it goes on."""
        if wait.held_at is not None:
            return None
        if self._clock(wait.account_id) >= wait.expires_at:
            return await self._end(wait, _RAN_OUT)
        return await self._end(wait, _GIVEN_UP) if given_up else None

    async def decide(self, wait: Wait, decision: Decision) -> None:
        """The customer says yes, no or nothing, or the review does. No effect when something was decided before."""
        if await self._books.get(wait.account_id, wait.attempt_id) or await self.over(wait):
            return
        if decision == "decline":
            no = _NOT_VERIFIED if wait.kind == "three_d_secure" else _DECLINED
            await self._end(wait, no if wait.held_at is None else _NOT_GRANTED)
        elif decision == "run_out":
            if wait.held_at is None:  # a review has no end of its own
                await self._end(wait, _RAN_OUT)
        elif wait.review and wait.held_at is None:
            now = self._clock(wait.account_id)
            await self._books.hold(wait.account_id, wait.attempt_id, now, NoticePlan(now, number=HELD))
        else:
            await self._end(wait, None)

    def told(self, wait: Wait) -> Outcome:
        """What is answered while it waits."""
        notes = msgspec.json.decode(wait.data, type=Notes)
        now = self._clock(wait.account_id)
        if notes.silent and now < wait.created_at + timedelta(seconds=notes.seconds or 0):
            return UNKNOWN
        page = f"{self._base_url}/sandbox/approvals/{wait.account_id}/{wait.attempt_id}"
        if wait.held_at is not None:
            return Outcome("on_hold", redirect_url=page)
        return Outcome("waiting", redirect_url=page, expires_at=wait.expires_at)

    async def _end(self, wait: Wait, error: EventError | None) -> Movement:
        now = self._clock(wait.account_id)
        behaviour = msgspec.json.decode(wait.data, type=Notes).behaviour
        can = PRODUCTS[wait.product]
        movement = Movement(
            wait.account_id, wait.attempt_id, wait.payment_id, "authorize", wait.amount, wait.currency,
            "refused" if error else "done", now, msgspec.json.encode(Notes(behaviour, error=error)).decode(),
            can.captured_at_once, None if can.authorization is None else now + can.authorization,
        )  # fmt: skip
        stands: Any = await self._books.record(movement, [NoticePlan(now, number=DECIDED)])
        return stands  # type: ignore[no-any-return]


def error_code(movement: Movement) -> str | None:
    """Of one that was refused."""
    error = msgspec.json.decode(movement.data, type=Notes).error
    return None if error is None else error.code


def card_ending(wait: Wait) -> str:
    """The last digits of a card that was typed, else nothing."""
    return msgspec.json.decode(wait.data, type=Notes).card_ending
