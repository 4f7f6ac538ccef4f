"""Headers that every answer carries, computed once."""

from __future__ import annotations

import os

CORS = (
    ("access-control-allow-origin", "*"),
    ("access-control-allow-methods", "GET,HEAD,PUT,PATCH,POST,DELETE"),
    (
        "access-control-allow-headers",
        "Origin,Content-Type,Accept,Authorization,Idempotency-Key,If-Match,total-count,page-count",
    ),
    ("access-control-expose-headers", "total-count,page-count,x-request-id,idempotent-replayed"),
)
"""What the documented answers carry: any page may call, with a token of its own; cookies play no part."""

PAGE = (
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
)
API = (
    ("content-type", "application/json; charset=utf-8"),
    *PAGE,
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    *CORS,
)


def always(base_url: str) -> tuple[tuple[str, str], ...]:
    """What goes on everything when customers reach us over TLS: never without it again, for a year."""
    return (("strict-transport-security", "max-age=31536000"),) if base_url.startswith("https://") else ()


def new_request_id() -> str:
    """A version 4 UUID; a third of the price of `str(uuid.uuid4())`, which every request would pay."""
    h = os.urandom(16).hex()
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-{'89ab'[int(h[16], 16) & 3]}{h[17:20]}-{h[20:]}"
