"""What a rule may not fetch or mint itself: the time, fresh ids, who asks. And the news it appends to the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct

from kvitt.core.change import Event, encode_text


@dataclass(frozen=True)
class Moment:
    """`ids`: fresh UUIDs, one for each event that may go to the log. `by`: the client's uuid, or `customer`.

    `headers`: the system headers of the request, with lower-cased names. `keyed`: its answer is to be remembered.
    """

    now: datetime
    request_id: str
    ids: tuple[str, ...]
    by: str | None = None
    headers: dict[str, str] | None = None
    keyed: bool = False


def news(account_id: str, event_id: str, type_: str, object_id: str, version: int, now: datetime, doc: Struct) -> Event:
    """What happened, for the account's log: the object frozen as the API showed it right then."""
    return Event(account_id, event_id, type_, type_.partition(".")[0], object_id, version, now, encode_text(doc))
