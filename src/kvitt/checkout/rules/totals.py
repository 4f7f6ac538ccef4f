"""How much was authorized, captured, refunded and voided: counted from events. Status follows from the counts."""

from __future__ import annotations

from dataclasses import dataclass

from kvitt.checkout.model.transaction import Correction, Status, TransactionRecord, Verb
from kvitt.checkout.rules.state import is_open

ALL_CAPTURED: frozenset[Status] = frozenset(("CAPTURED", "PARTIALLY_REFUNDED", "REFUNDED"))
"""Something was captured, and nothing is left to capture."""


@dataclass(frozen=True)
class Totals:
    """Minor units. `capturing`, `refunding`, `voiding`: reserved by attempts whose outcome is not known yet.

    `adjusting`: whether such an attempt changes what is authorized.
    """

    authorized: int
    captured: int = 0
    refunded: int = 0
    voided: int = 0
    capturing: int = 0
    refunding: int = 0
    voiding: int = 0
    adjusting: bool = False

    @property
    def capturable(self) -> int:
        return self.authorized - self.captured - self.voided

    @property
    def refundable(self) -> int:
        return self.captured - self.refunded


def totals(record: TransactionRecord) -> Totals:
    """Only successful events count; a failed refund was no refund."""
    done = {"CAPTURE": 0, "REFUND": 0, "VOID": 0}
    for event in record.transaction.events:
        if event.success and event.event in done:
            done[event.event] += event.amount or 0
    left = record.transaction.amount - done["CAPTURE"] - done["VOID"]
    waiting: dict[Verb, int] = {"capture": 0, "refund": 0, "void": 0}
    adjusting = False
    for attempt in record.attempts:
        if is_open(attempt) and attempt.verb in waiting:
            waiting[attempt.verb] += left if attempt.final else attempt.amount
        adjusting |= is_open(attempt) and attempt.verb == "adjust"
    return Totals(
        record.transaction.amount, done["CAPTURE"], done["REFUND"], done["VOID"],
        waiting["capture"], waiting["refund"], waiting["void"], adjusting,
    )  # fmt: skip


def correction_of(record: TransactionRecord) -> Correction:
    """How the transaction stands, for whoever is told that something failed."""
    sums = totals(record)
    return Correction(
        status=record.transaction.status, remaining_capture_amount=sums.capturable,
        remaining_refund_amount=sums.refundable, remaining_void_amount=sums.capturable,
    )  # fmt: skip


def status_of(authorized: int, captured: int, refunded: int, voided: int) -> Status:
    """The status of a transaction that was authorized.

    A voided remainder leaves nothing to capture, so what was captured is then all of it: CAPTURED. With something
    captured, something refunded and something still to capture it stays PARTIALLY_CAPTURED_REFUNDED.
    """
    if captured == 0:
        return "AUTHORIZATION_VOIDED" if voided else "AUTHORIZED"
    if captured + voided < authorized:
        return "PARTIALLY_CAPTURED_REFUNDED" if refunded else "PARTIALLY_CAPTURED"
    if refunded == 0:
        return "CAPTURED"
    return "REFUNDED" if refunded == captured else "PARTIALLY_REFUNDED"
