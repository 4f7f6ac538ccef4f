"""The headers of every page here: nothing but our own files may run, be shown or be asked."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

from kvitt.web import Answer

_STYLE = "style-src 'self'"
_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    _STYLE,
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'none'",  # the card is sent by the script alone; a form could put it in an address
    "base-uri 'none'",
)


def security(frame_ancestors: str = "'none'", style: str = "") -> dict[str, str]:
    """`frame_ancestors`: which pages may hold this one in a frame; nobody may lay the others under a page of theirs.

    `style`: a style sheet that stands in the page itself. It counts by its digest, so exactly this one does.
    """
    policy = [f"{_STYLE} 'sha256-{_digest(style)}'" if style and part == _STYLE else part for part in _POLICY]
    return {
        "content-security-policy": "; ".join((*policy, f"frame-ancestors {frame_ancestors}")),
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-robots-tag": "noindex",
    }


def page(html: bytes, language: str, status: int = 200, frame_ancestors: str = "'none'", style: str = "") -> Answer:
    headers = {**security(frame_ancestors, style), "cache-control": "no-store", "content-language": language}
    return Answer(html, status, headers, "text/html; charset=utf-8")


def _digest(style: str) -> str:
    return b64encode(sha256(style.encode()).digest()).decode()
