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

import ipaddress
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit, urlunsplit

import msgspec

from kvitt.checkout.model.session import Session, SessionEventName
from kvitt.checkout.model.transaction import Transaction, TransactionEvent
from kvitt.core.change import Task, encode_text
from kvitt.core.ids import is_test_account

CALLBACK_TASK = "checkout.callback"
LONGEST_DELAY_SECONDS = 60


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
    body: msgspec.Raw | None = None


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
    seconds = last.get("delay_callback", "")
    return CallbackOptions(
        method="POST" if last.get("method", "").upper() == "POST" else "GET",
        report_error=last.get("report_error", "").lower() == "true",
        delay=timedelta(seconds=min(int(seconds[:4]), LONGEST_DELAY_SECONDS) if _is_number(seconds) else 0),
        report_events=frozenset(
            part.strip().upper() for name, value in query if name == "report_event" for part in value.split(",")
        ),
        includes_session="session" in [value for name, value in query if name == "includes"],
        sid_name="sid" if last.get("sid_parameter_name") == "sid" else "session_id",
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def of_authorization(
    account_id: str, event_id: str, transaction: Transaction, session: Session | None, now: datetime
) -> tuple[Task, ...]:
    """The callback that the payment went through (or was put on hold)."""
    event = transaction.events[-1]
    records: SessionEventName = "ON_HOLD_CALLBACK_SENT" if transaction.status == "ON_HOLD" else "AUTH_CALLBACK_SENT"
    return _about(account_id, event_id, transaction, session, now, {}, event, records)


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
    body: msgspec.Raw | None = None
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
    task_id = f"callback:{transaction.id}:{event.id if records is None else 'paid'}"
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
    body = None
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


def callback_target(url: str, parameters: dict[str, str]) -> str:
    """The URL to call: the shop's own query with ours added, sorted and encoded. Ours replace theirs of that name."""
    parts = urlsplit(url)
    own = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in parameters]
    pairs = sorted([*own, *parameters.items()], key=_code_units)
    query = "&".join(f"{form_encode(name)}={form_encode(value)}" for name, value in pairs)
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    return urlunsplit((parts.scheme, parts.netloc, path, query, ""))


def form_encode(text: str) -> str:
    """application/x-www-form-urlencoded as the WHATWG has it: `*-._` stay, a space is `+`, `~` is `%7E`."""
    return quote_plus(text, safe="*").replace("~", "%7E")


def _code_units(pair: tuple[str, str]) -> tuple[bytes, bytes]:
    """JavaScript sorts by UTF-16 code units, which differs from Python's order beyond the basic plane."""
    return pair[0].encode("utf-16-be", "surrogatepass"), pair[1].encode("utf-16-be", "surrogatepass")


def return_target(session: Session, error: str | None) -> str:
    """Where the customer goes: the shop's return URL, its own parameters kept in place, ours after them."""
    parameters: dict[str, str] = {}
    if session.transaction_id is not None:
        parameters["transaction_id"] = session.transaction_id
    parameters["session_id"] = session.id
    parameters["merchant_reference"] = session.order.merchant_reference
    if error is not None:
        parameters["error"] = error
    parts = urlsplit(session.url.return_url)
    own = [piece for piece in parts.query.split("&") if piece and piece.partition("=")[0] not in parameters]
    added = [f"{form_encode(name)}={form_encode(value)}" for name, value in parameters.items()]
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "&".join(own + added), parts.fragment))


def shown_time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f\\]")
_NEVER = frozenset(("javascript", "data", "vbscript", "blob", "file", "about"))
_WEB = frozenset(("http", "https"))
_NUMERIC_LABEL = re.compile(r"(?:\d+|0x[0-9a-f]*)\Z", re.ASCII | re.IGNORECASE)


def return_url_fault(url: str, channel: str | None) -> str | None:
    """What is wrong with a return URL, or None. An app's own scheme is for the channel `in_app`."""
    fault = _shape_fault(url)
    if fault is not None:
        return fault
    scheme = urlsplit(url).scheme.lower()
    if scheme in _NEVER:
        return f"A page cannot return to {scheme}:"
    if scheme not in _WEB and channel != "in_app":
        return "The return URL must be http or https, unless configuration.channel is in_app"
    return None


def link_fault(url: str) -> str | None:
    """What is wrong with a link that the customer may follow, or None."""
    fault = _shape_fault(url)
    if fault is not None:
        return fault
    return None if urlsplit(url).scheme.lower() in _WEB else "The link must be http or https"


def callback_url_fault(account_id: str, url: str) -> str | None:
    """What is wrong with a URL that the shop is called at, or None.

    Test accounts may name http and addresses of their own machine. Live accounts name https and public hosts only;
    what a name leads to is checked when it is called.
    """
    fault = link_fault(url)
    if fault is not None:
        return fault
    if is_test_account(account_id):
        return None
    parts = urlsplit(url)
    if parts.scheme.lower() != "https":
        return "The callback URL of a live account must be https"
    return None if _is_public(parts.hostname or "") else "The callback URL of a live account must name a public host"


def _shape_fault(url: str) -> str | None:
    if len(url) > 2048:
        return "The URL is longer than 2048 characters"
    if _UNPRINTABLE.search(url):
        return "The URL holds a space, a backslash or a control character"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "This is not a URL"
    if not parts.scheme:
        return "The URL must be absolute, with its scheme"
    if parts.scheme.lower() in _WEB and not parts.hostname:
        return "The URL names no host"
    return None


def _is_public(host: str) -> bool:
    """Whether a host may be public: no local name, and no IP address of a private network in any of its spellings."""
    host = host.rstrip(".").lower()
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")) or not host:
        return False
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_global
    except ValueError:
        # 127.1, 2130706433 and 0x7f.0.0.1 are addresses too: a last label that is a number makes it one.
        return not _NUMERIC_LABEL.match(host.rpartition(".")[2])
