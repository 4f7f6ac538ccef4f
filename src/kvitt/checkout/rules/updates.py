"""The shop updates its session: what it may say, and what the session is like then.

Members of the order that the update names replace the session's, the others stay. The amount has to be what the lines
and the shipping come to, since nobody could tell the customer otherwise what they pay for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from kvitt.checkout.model.order import SessionOrder
from kvitt.checkout.model.session import Express, Session, SessionEventName, SessionRecord
from kvitt.checkout.model.transaction import TransactionRecord
from kvitt.checkout.model.updates import ExpressUpdate, OrderUpdate, SessionUpdate
from kvitt.checkout.rules.changes import MAX_SIZE, changed, refuse_larger, refuse_unless_changeable
from kvitt.checkout.rules.lines import amount_faults, line_faults, sum_fault
from kvitt.checkout.rules.moment import Moment, news
from kvitt.checkout.rules.offers import find, still_offered
from kvitt.checkout.rules.refusals import InvalidSession, SessionNotLocked
from kvitt.checkout.rules.sessions import with_events
from kvitt.checkout.rules.state import is_locked
from kvitt.core.change import Change, Row
from kvitt.core.errors import Problem, problem
from kvitt.core.money import is_currency


def proposed(
    row: Row[SessionRecord],
    transaction: TransactionRecord | None,
    update: SessionUpdate,
    *,
    without_lock: bool,
    strict: bool,
    moment: Moment,
) -> Session:
    """The session as the shop wants it, before its events are written: nothing is committed of it yet."""
    session = row.doc.session
    refuse_unless_changeable(row.doc, transaction, moment.now)
    refuse_larger(row)
    if not without_lock and not is_locked(session, moment.now):
        raise SessionNotLocked(
            "The session is not locked: lock it from its page, or say update_without_lock=true while no page shows it"
        )
    express = _express(session.express, update.express)
    order = _order(session.order, update.order)
    if express is not None and update.order.shipping_option is None:
        order = still_offered(order, express, priced=update.order.amount is not None)
    faults = list(_faults(order, express, update, strict=strict))
    if faults:
        raise InvalidSession("The session cannot be updated", *faults)
    return msgspec.structs.replace(session, order=order, express=express)


def updated(
    account_id: str, row: Row[SessionRecord], after: Session, moment: Moment, *, remove_lock: bool
) -> tuple[Change, Session]:
    """The proposal with its events, written down. `moment.ids`: one."""
    before = row.doc.session
    unlocks = remove_lock and before.pay_lock is not None
    told: list[tuple[SessionEventName, dict[str, Any] | None]] = [("UPDATE_SESSION", _details(row, after))]
    if unlocks and is_locked(before, moment.now):
        told.append(("PAY_LOCK_END", None))
    session = with_events(after, moment, *told, pay_lock=None if unlocks else before.pay_lock)
    event = news(account_id, moment.ids[0], "session.updated", session.id, row.version + 1, moment.now, session)
    return changed(account_id, row, session) + Change(events=(event,)), session


def _express(before: Express | None, update: ExpressUpdate | None) -> Express | None:
    if update is None or (update.shipping_options is None and update.shipping_mode is None):
        return before
    changes = {name: value for name, value in msgspec.structs.asdict(update).items() if value is not None}
    return msgspec.structs.replace(before or Express(), **changes)


def _order(before: SessionOrder, update: OrderUpdate) -> SessionOrder:
    changes = {name: value for name, value in msgspec.structs.asdict(update).items() if value is not None}
    return msgspec.structs.replace(before, **changes)


def _faults(order: SessionOrder, express: Express | None, update: SessionUpdate, *, strict: bool) -> Iterator[Problem]:
    if not is_currency(order.currency):
        yield problem("This is not a currency of ISO 4217", "order.currency")
    yield from line_faults(order)
    yield from amount_faults(order)
    if strict or order.items:
        yield from sum_fault(order, part_allowed=bool(order.partial_payment) and not strict)
    asked = update.order.shipping_option
    offered = express.shipping_options if express is not None else None
    if asked is not None and offered is not None and find(offered, asked) is None:
        yield problem("This is none of express.shipping_options", "order.shipping_option", line_id=str(asked.line_id))


def _details(row: Row[SessionRecord], after: Session) -> dict[str, Any] | None:
    """What was, and what is now. A session that has grown large tells only that it was updated."""
    if row.size > MAX_SIZE // 2:
        return None
    before, details = row.doc.session, {}
    for name in ("order", "express"):
        was, now = getattr(before, name), getattr(after, name)
        if was == now:
            details[f"updated_{name}_result"] = {"status": "NOT_MODIFIED"}
        else:
            details |= {f"previous_{name}": msgspec.to_builtins(was), f"updated_{name}": msgspec.to_builtins(now)}
    return details
