"""The headers of every page here: nothing but our own files may run, be shown or be asked."""

from __future__ import annotations

from kvitt.web import Answer

SECURITY = {
    "content-security-policy": "; ".join([
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'none'",  # the card is sent by the script alone; a form could put it in an address
        "base-uri 'none'",
        "frame-ancestors 'none'",  # pages are only redirected to so far: nobody may lay one under a page of theirs
    ]),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}  # fmt: skip


def page(html: bytes, language: str, status: int = 200) -> Answer:
    headers = {**SECURITY, "cache-control": "no-store", "content-language": language}
    return Answer(html, status, headers, "text/html; charset=utf-8")
