"""Telling the shop: the options a shop writes on its callback URL, and the URL that is then called.

Options (a query of `callback_url`; all of them stay in the URL that is called):

    method=POST            the transaction travels as the body of a POST; otherwise a GET without a body
    report_error=true      also call when the customer cancelled or the payment failed
    delay_callback=30      wait so many seconds, at most 60 (more is taken as 60, what is no number as 0)
    report_event=CAPTURE   also call for these operations: CAPTURE, REFUND, VOID; may be repeated
    includes=session       the body of a POST holds the session too
    sid_parameter_name=sid send the session's id as `sid` instead of `session_id`

The query is sorted by name and value and encoded as browsers do it, so that a receiver who sorts and encodes once
more, as checking the signature asks of it, gets the same text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import msgspec

from kvitt.checkout.model.session import Session, SessionEventName
from kvitt.checkout.model.transaction import Transaction, TransactionEvent
from kvitt.checkout.rules.urls import callback_target
from kvitt.core.change import Task, encode_text

CALLBACK_TASK = "checkout.callback"
LONGEST_DELAY_SECONDS = 60
NO_BODY = msgspec.Raw(b"null")


class CallbackData(msgspec.Struct, frozen=True, omit_defaults=True):
    """The data of a callback task: one request to the shop, frozen when its cause happened.

    `event_id` is the same on every try. `records`: the session event that tells of its delivery, if one does.
    """

    method: str
    url: str
    event_id: str
    session_id: str
    transaction_id: str | None = None
    transaction_event_id: str | None = None
    records: SessionEventName | None = None
    body: msgspec.Raw = NO_BODY  # not `Raw | None`, which decodes null alone


@dataclass(frozen=True)
class CallbackOptions:
    method: str = "GET"
    report_error: bool = False
    delay: timedelta = timedelta(0)
    report_events: frozenset[str] = frozenset()
    includes_session: bool = False
    sid_name: str = "session_id"


def options_of(callback_url: str) -> CallbackOptions:
    query = parse_qsl(urlsplit(callback_url).query, keep_blank_values=True)
    last = dict(query)
    return CallbackOptions(
        method="POST" if last.get("method", "").upper() == "POST" else "GET",
        report_error=last.get("report_error", "").lower() == "true",
        delay=timedelta(seconds=_seconds(last.get("delay_callback", ""))),
        report_events=frozenset(
            part.strip().upper() for name, value in query if name == "report_event" for part in value.split(",")
        ),
        includes_session="session" in [value for name, value in query if name == "includes"],
        sid_name="sid" if last.get("sid_parameter_name") == "sid" else "session_id",
    )


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        return 0
    return min(int(text.lstrip("0")[:4] or "0"), LONGEST_DELAY_SECONDS)


def carries_session(transaction: Transaction) -> bool:
    """Whether the session is to be at hand when a callback about the transaction is made."""
    url = transaction.url.callback_url if transaction.url else None
    return bool(url) and options_of(url or "").includes_session


def of_authorization(
    account_id: str, event_id: str, transaction: Transaction, session: Session | None, now: datetime
) -> tuple[Task, ...]:
    """The callback that the payment went through, or was put on hold: then there is another one when it leaves that."""
    event = transaction.events[-1]
    on_hold = transaction.status == "ON_HOLD"
    records: SessionEventName = "ON_HOLD_CALLBACK_SENT" if on_hold else "AUTH_CALLBACK_SENT"
    return _about(account_id, event_id, transaction, session, now, {}, event, records)


def of_hold_refused(
    account_id: str, event_id: str, transaction: Transaction, session: Session | None, now: datetime, error: str
) -> tuple[Task, ...]:
    """The payment was on hold, which the shop was told, and came to nothing: that it is told whether it asked for
    errors or not. The event that says so is the transaction's last."""
    return _about(account_id, event_id, transaction, session, now, {"error": error}, transaction.events[-1], None)


def of_operation(
    account_id: str,
    event_id: str,
    transaction: Transaction,
    session: Session | None,
    now: datetime,
    event: TransactionEvent,
) -> tuple[Task, ...]:
    """The callback of a capture, refund or void that succeeded, for shops that asked with `report_event`."""
    url = transaction.url.callback_url if transaction.url else None
    if not url or event.event not in options_of(url).report_events:
        return ()
    extra = {"event": event.event, "event_id": event.id}
    return _about(account_id, event_id, transaction, session, now, extra, event, None)


def _about(
    account_id: str,
    event_id: str,
    transaction: Transaction,
    session: Session | None,
    now: datetime,
    extra: dict[str, str],
    event: TransactionEvent,
    records: SessionEventName | None,
) -> tuple[Task, ...]:
    url = transaction.url.callback_url if transaction.url else None
    if not url:
        return ()
    options = options_of(url)
    body = NO_BODY
    if options.method == "POST":
        whole = msgspec.structs.replace(transaction, session=session) if options.includes_session else transaction
        body = msgspec.Raw(encode_text(whole).encode())
    parameters = {
        "transaction_id": transaction.id,
        options.sid_name: transaction.session_id,
        "merchant_reference": transaction.merchant_reference,
        "time": shown_time(transaction.created_at),
        **extra,
    }
    data = CallbackData(
        options.method, callback_target(url, parameters), event_id, transaction.session_id, transaction.id, event.id,
        records, body,
    )  # fmt: skip
    # The task has the transaction's name for it: settling twice cannot owe the shop two calls.
    name = event.id if records is None else "on_hold" if records == "ON_HOLD_CALLBACK_SENT" else "paid"
    task_id = f"callback:{transaction.id}:{name}"
    return (Task(account_id, task_id, CALLBACK_TASK, now + options.delay, encode_text(data)),)


def of_error(
    account_id: str, event_id: str, session: Session, transaction: Transaction | None, error: str, now: datetime
) -> tuple[Task, ...]:
    """The callback of a session that ended without a payment, for shops that asked with `report_error`."""
    url = session.url.callback_url
    if not url:
        return ()
    options = options_of(url)
    if not options.report_error:
        return ()
    body = NO_BODY
    if options.method == "POST" and transaction is not None:
        whole = msgspec.structs.replace(transaction, session=session) if options.includes_session else transaction
        body = msgspec.Raw(encode_text(whole).encode())
    parameters: dict[str, str] = {
        options.sid_name: session.id,
        "merchant_reference": session.order.merchant_reference,
        "time": shown_time(transaction.created_at if transaction else now),
        "error": error,
    }
    if transaction is not None:
        parameters["transaction_id"] = transaction.id
    data = CallbackData(
        options.method, callback_target(url, parameters), event_id, session.id,
        transaction.id if transaction else None, body=body,
    )  # fmt: skip
    return (Task(account_id, f"callback:{session.id}:{error}", CALLBACK_TASK, now + options.delay, encode_text(data)),)


def shown_time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"
