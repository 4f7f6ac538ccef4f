"""The headers of every page here: nothing but our own files may run, be shown or be asked."""

from __future__ import annotations

from kvitt.web import Answer

_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'none'",  # the card is sent by the script alone; a form could put it in an address
    "base-uri 'none'",
)


def security(frame_ancestors: str = "'none'") -> dict[str, str]:
    """`frame_ancestors`: which pages may hold this one in a frame; nobody may lay the others under a page of theirs."""
    return {
        "content-security-policy": "; ".join((*_POLICY, f"frame-ancestors {frame_ancestors}")),
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-robots-tag": "noindex",
    }


def page(html: bytes, language: str, status: int = 200, frame_ancestors: str = "'none'") -> Answer:
    headers = {**security(frame_ancestors), "cache-control": "no-store", "content-language": language}
    return Answer(html, status, headers, "text/html; charset=utf-8")
