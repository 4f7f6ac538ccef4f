"""Bugs planted on purpose in the order service; see `bugs.py`."""

from __future__ import annotations

from typing import Any

import kvitt.orders.flows.changing as changing
import kvitt.orders.flows.comments as comments
import kvitt.orders.flows.completion as completion
import kvitt.orders.flows.creation as creation
import kvitt.orders.flows.drafts as drafts
import kvitt.orders.flows.numbers as numbers
import kvitt.orders.flows.operations as registering
import kvitt.orders.flows.orders as lives
import kvitt.orders.flows.removal as removal
import kvitt.orders.queries as queries
import kvitt.orders.rules.checks as checks
import kvitt.orders.rules.comments as comment_rules
import kvitt.orders.rules.edits as edits
import kvitt.orders.rules.lifecycle as lifecycle
import kvitt.orders.rules.operations as operations
import kvitt.orders.rules.plan as plan
import kvitt.orders.rules.remaining as remaining
import kvitt.orders.rules.view as view
from kvitt.core.change import Change
from kvitt.core.ids import new_uuids

from .bug import Bug, Patch, real, replace


def _line_unchecked() -> list[Patch]:
    return [(operations, "_refuse_beyond", lambda *_: None)]


def _number_unclaimed() -> list[Patch]:
    take = real(numbers, "take_numbers")

    async def take_numbers(*arguments: Any) -> Any:
        taken, _ = await take(*arguments)
        return taken, ()

    async def refuse_taken(*_: Any) -> None:
        return

    return [
        (creation, "take_numbers", take_numbers),
        (completion, "take_numbers", take_numbers),
        (numbers, "refuse_taken", refuse_taken),
        (drafts, "refuse_taken", refuse_taken),
    ]


def _stale_accepted() -> list[Patch]:
    return [(flow, "refuse_stale", lambda *_: None) for flow in (changing, completion, drafts, registering)]


def _preview_commits() -> list[Patch]:
    shown = real(completion, "preview")

    async def preview(desk: Any, origin: Any, draft_id: str, expected: int | None = None) -> Any:
        answer = await shown(desk, origin, draft_id, expected)
        await completion.complete(desk, origin, draft_id, None, expected)
        return answer

    return [(completion, "preview", preview)]


def _ids_drawn() -> list[Patch]:
    return [(completion, "order_ids", lambda draft_id, count: new_uuids(count))]


def _plan_refunds_all() -> list[Patch]:
    def refunds(backs: Any, spare: int) -> dict[int, int]:
        return {back.target: -back.item.net for back in backs if back.target is not None}

    return [(plan, "_refunds", refunds)]


def _completes_one() -> list[Patch]:
    made = real(completion, "_made")

    async def first(*arguments: Any) -> Any:
        return (await made(*arguments))[:1]

    return [(completion, "_made", first)]


def _failed_counts() -> list[Patch]:
    counted = real(view, "sums")

    def sums(order: Any) -> Any:
        done = {
            member: tuple(replace(each, success=True) for each in getattr(order, member))
            for member in ("authorizations", "captures", "refunds", "cancellations")
        }
        return counted(replace(order, **done))

    return [(view, "sums", sums)]


def _takes_back_twice() -> list[Patch]:
    return [(checks, "reversible", lambda order: {item.line_id: item.net for item in order.items if item.net >= 0})]


def _gives_back_twice() -> list[Patch]:
    """The answers stay right, so that it is the operation itself that has to be seen."""
    left, returned = real(operations, "left"), real(remaining, "returned_by_reversals")

    def nothing(items: Any, done: Any) -> dict[int, int]:
        return dict.fromkeys(returned(items, done), 0)

    def left_unaware(*arguments: Any) -> Any:
        remaining.returned_by_reversals = nothing
        try:
            return left(*arguments)
        finally:
            remaining.returned_by_reversals = returned

    return [(operations, "left", left_unaware), (operations, "returned_by_reversals", nothing)]


def _reopens_cancelled() -> list[Patch]:
    opened = real(lives, "opened")

    def reopened(record: Any, **named: Any) -> Any:
        if record.order.status == "cancelled":
            record = replace(record, order=replace(record.order, status="closed", cancelled_at=None))
        return opened(record, **named)

    return [(lives, "opened", reopened)]


def _cancels_with_money() -> list[Patch]:
    return [(lifecycle, "received", lambda order: 0)]


def _silent_change() -> list[Patch]:
    return [(changing, "Change", lambda **parts: Change(**{**parts, "events": ()}))]


def _same_version() -> list[Patch]:
    touched = real(comment_rules, "touched")
    return [(comment_rules, "touched", lambda order, version, now: touched(order, version - 1, now))]


def _answers_before() -> list[Patch]:
    change = real(comments, "change")

    async def changed(desk: Any, origin: Any, order_id: str, *more: Any, **named: Any) -> Any:
        before = await queries.order_row(desk.store, origin.account_id, order_id)
        await change(desk, origin, order_id, *more, **named)
        return before.doc

    return [(comments, "change", changed)]


def _removes_paid() -> list[Patch]:
    return [(removal, "is_kept", lambda record: False)]


def _replaces_paid() -> list[Patch]:
    return [(checks, "operations", lambda order, verb: ())]


def _status_stays() -> list[Patch]:
    return [(operations, "payment_status", lambda order: order.payment_status)]


def _totals_forget() -> list[Patch]:
    sums = real(edits, "totals")
    return [(edits, "totals", lambda items: sums(items[:-1]))]


SHOPPING_BUGS: dict[str, Bug] = {
    "line-unchecked": Bug("an order's operation is not held against what is left of its lines", _line_unchecked),
    "number-unclaimed": Bug("an order's number is neither looked for nor claimed", _number_unclaimed),
    "stale-accepted": Bug("a change that names an old version is made all the same", _stale_accepted),
    "preview-commits": Bug("what is previewed is completed, too", _preview_commits),
    "ids-drawn": Bug("the ids of a draft's orders are drawn, so that a preview shows others", _ids_drawn),
    "plan-refunds-all": Bug("a plan refunds what is taken back, whatever was captured of it", _plan_refunds_all),
    "completes-one": Bug("a draft that became several orders answers one when it is completed again", _completes_one),
    "failed-counts": Bug("an answer counts operations that did not succeed", _failed_counts),
    "takes-back-twice": Bug("a line is taken back however much of it was taken back before", _takes_back_twice),
    "gives-back-twice": Bug("a line is refunded although a reversal gave its money back", _gives_back_twice),
    "reopens-cancelled": Bug("a cancelled order is opened again", _reopens_cancelled),
    "cancels-with-money": Bug("an order is cancelled although it holds money", _cancels_with_money),
    "silent-change": Bug("an order is changed without an event", _silent_change),
    "same-version": Bug("a comment leaves the order's version as it was", _same_version),
    "answers-before": Bug("a comment is answered with the order as it was before", _answers_before),
    "removes-paid": Bug("an order's time to live ends although something was registered on it", _removes_paid),
    "replaces-paid": Bug("an order is replaced although something was registered on it", _replaces_paid),
    "status-stays": Bug("an operation leaves the payment status as it was", _status_stays),
    "totals-forget": Bug("a draft's totals leave out the line that was added last", _totals_forget),
}
