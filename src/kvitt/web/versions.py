"""Which version a caller read: said in the body, or by If-Match."""

from __future__ import annotations

import re
from typing import Any

from kvitt.core.errors import InvalidRequest, problem
from kvitt.web.routes import Call

_IF_MATCH = re.compile(r'(?:W/)?"([1-9][0-9]{0,8})"|([1-9][0-9]{0,8})', re.ASCII)


def expected_version(call: Call[Any], said: int | None = None) -> int | None:
    """The version that the caller read: `version` of the body (`said`), or `If-Match: "3"`; None when not told."""
    header = call.header("if-match")
    if header is None or header == "*":
        return said
    match = _IF_MATCH.fullmatch(header)
    if match is None:
        message = f'If-Match must be a version, as in If-Match: "3", not {header[:50]!r}'
        raise InvalidRequest(message, problem(message))
    version = int(match.group(1) or match.group(2))
    if said is not None and said != version:
        message = f"version says {said}, and If-Match {version}: say one of them"
        raise InvalidRequest(message, problem(message, "version"))
    return version
