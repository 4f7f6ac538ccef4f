"""`If-Unmodified-Since` of a payment: nobody pays what they did not see.

The header holds the `version` of the session's view, or its `updated_at`; an HTTP date counts in whole seconds.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from kvitt.checkout.model.session import Session
from kvitt.checkout.rules.express_view import version_of
from kvitt.checkout.rules.refusals import SessionChanged
from kvitt.core.errors import InvalidRequest, problem

HEADER = "If-Unmodified-Since"


def refuse_if_changed(session: Session, header: str | None) -> None:
    """SessionChanged when the session is not what the header says; InvalidRequest when it says nothing readable."""
    if header is None:
        return
    text = header.strip().strip('"')
    if text.isascii() and text.isdigit():
        same = text.lstrip("0") == str(version_of(session))
    else:
        at, whole_seconds = _read(text)
        updated_at = session.updated_at.replace(microsecond=0) if whole_seconds else session.updated_at
        same = updated_at == at
    if not same:
        message = "The session was changed meanwhile: look at it again"
        raise SessionChanged(message, problem(message, version=version_of(session)))


def _read(text: str) -> tuple[datetime, bool]:
    try:
        try:
            at, whole_seconds = datetime.fromisoformat(text), False
        except ValueError:
            at, whole_seconds = parsedate_to_datetime(text), True
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC), whole_seconds
    except (ValueError, TypeError, OverflowError):
        message = f"{HEADER} must be the session's version or its updated_at"
        raise InvalidRequest(message, problem(message)) from None
