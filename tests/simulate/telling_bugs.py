"""Bugs planted in what is told: to callers, to shops, by a provider's news, by a lock."""

from __future__ import annotations

from typing import Any, cast

import kvitt.checkout.flows.notices as notices
import kvitt.checkout.flows.sessions as session_flows
import kvitt.checkout.rules.answers as answers
import kvitt.checkout.rules.payments as payments
import kvitt.checkout.rules.updates as updates
from kvitt.checkout.model.payment import Outcome
from kvitt.checkout.rules import callbacks
from kvitt.core.errors import Unavailable

from .bug import Bug, Patch, real, replace


def _answer_lags() -> list[Patch]:
    told = real(answers, "_told")

    def lagging(before: Any, settled: Any, base_url: str, now: Any) -> Any:
        if before.verb in ("capture", "refund", "void") and not before.automatic:
            transaction = settled.record.transaction
            record = replace(settled.record, transaction=replace(transaction, events=transaction.events[:-1]))
            settled = _with(settled, record=record)
        return told(before, settled, base_url, now)

    return [(answers, "_told", lagging)]


def _with(settled: Any, **changes: Any) -> Any:
    return type(settled)(**{**settled.__dict__, **changes})


def _doubt_is_yes() -> list[Patch]:
    create = real(session_flows, "create")

    async def hopeful(desk: Any, account_id: str, options: Any, toggles: Any, actor: Any) -> Any:
        try:
            return await create(desk, account_id, options, toggles, actor)
        except Unavailable:
            _, session = await session_flows.prepare(desk, account_id, options, toggles, actor)
            return session

    return [(session_flows, "create", hopeful)]


def _notice_believed() -> list[Patch]:
    async def call(*_: Any, **__: Any) -> Outcome:
        return Outcome("done")

    return [(notices, "call", call)]


def _given_up_silently() -> list[Patch]:
    of_authorization = real(callbacks, "of_authorization")

    def quiet(account_id: str, event_id: str, transaction: Any, session: Any, now: Any) -> Any:
        last = transaction.events[-1]
        if last.event == "CAPTURE" and not last.success:
            return ()
        return cast(Any, of_authorization(account_id, event_id, transaction, session, now))

    return [(callbacks, "of_authorization", quiet)]


def _changes_paid() -> list[Patch]:
    return [(updates, "refuse_unless_changeable", lambda *_: None)]


def _pays_locked() -> list[Patch]:
    return [(payments, "refuse_while_locked", lambda *_: None)]


TELLING_BUGS: dict[str, Bug] = {
    "answer-lags": Bug("what a key remembers of an operation lacks the event that tells of it", _answer_lags),
    "doubt-is-yes": Bug("a session whose commit is in doubt is answered as made", _doubt_is_yes),
    "notice-believed": Bug("a provider's notice is taken for a yes, and nobody asks", _notice_believed),
    "changes-paid": Bug("the shop's update changes a session that is paid, or being paid", _changes_paid),
    "pays-locked": Bug("a session is paid while the shop has it locked", _pays_locked),
    "given-up-silently": Bug("the shop is not told when automatic captures are given up", _given_up_silently),
}
