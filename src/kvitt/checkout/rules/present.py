"""What an answer shows: some members only when they are asked for with `includes`."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from kvitt.checkout.model.session import Session
from kvitt.checkout.model.transaction import Transaction

EVENT_HEADERS = "events.request_headers"
SYSTEM_HEADERS = "initiating_system_request_headers"
SESSION = "session"
SESSION_LATEST = "session.events.latest"
SUCCESSFUL = "events.success.true"


def present_session(session: Session, includes: Collection[str] = ()) -> Session:
    if session.initiating_system_request_headers is not None and SYSTEM_HEADERS not in includes:
        session = msgspec.structs.replace(session, initiating_system_request_headers=None)
    if EVENT_HEADERS not in includes and any(event.request_headers for event in session.events):
        events = tuple(msgspec.structs.replace(event, request_headers=None) for event in session.events)
        session = msgspec.structs.replace(session, events=events)
    return session


def present_transaction(
    transaction: Transaction, includes: Collection[str], session: Session | None = None
) -> Transaction:
    """`session` is put in when `includes` names it; with `session.events.latest`, with its last event alone."""
    if transaction.initiating_system_request_headers is not None and SYSTEM_HEADERS not in includes:
        transaction = msgspec.structs.replace(transaction, initiating_system_request_headers=None)
    if EVENT_HEADERS not in includes and any(event.request_headers for event in transaction.events):
        events = tuple(msgspec.structs.replace(event, request_headers=None) for event in transaction.events)
        transaction = msgspec.structs.replace(transaction, events=events)
    if SUCCESSFUL in includes:
        events = tuple(event for event in transaction.events if event.success)
        transaction = msgspec.structs.replace(transaction, events=events)
    if session is not None and wants_session(includes):
        shown = present_session(session, includes)
        if SESSION_LATEST in includes:
            shown = msgspec.structs.replace(shown, events=shown.events[-1:])
        transaction = msgspec.structs.replace(transaction, session=shown)
    return transaction


def wants_session(includes: Collection[str]) -> bool:
    return SESSION in includes or SESSION_LATEST in includes
