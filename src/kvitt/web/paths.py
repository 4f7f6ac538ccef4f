"""Paths and queries as they come over the wire: percent-encoding is checked here, before anything reads them.

Routing works on a form in which only `/` and `%` inside a segment stay escaped, so that an order number with a slash
in it is still one segment.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from kvitt.core.errors import InvalidRequest

_MALFORMED = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def check(raw_path: bytes, query: bytes) -> None:
    """InvalidRequest unless both are well-formed percent-encoded UTF-8 without NUL."""
    for raw, what in ((raw_path, "path"), (query, "query")):
        found = _MALFORMED.search(raw)
        if found:
            raise InvalidRequest(f"the {what} has malformed percent-encoding at byte {found.start()}")
        decoded = unquote_to_bytes(raw)
        if b"\0" in decoded:
            raise InvalidRequest(f"the {what} contains a NUL character")
        try:
            decoded.decode()
        except UnicodeDecodeError:
            raise InvalidRequest(f"the {what} is not UTF-8") from None


def routable(raw_path: bytes) -> str:
    """The path to route by: each segment decoded, with its own `%` and `/` escaped again."""
    segments = (unquote_to_bytes(segment).decode() for segment in raw_path.split(b"/"))
    return "/".join(segment.replace("%", "%25").replace("/", "%2F") for segment in segments)


def parameter(segment: str) -> str:
    """A path parameter's value, from the segment that routing saw."""
    return segment.replace("%2F", "/").replace("%25", "%") if "%" in segment else segment
