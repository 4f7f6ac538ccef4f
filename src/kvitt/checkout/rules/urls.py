"""Addresses: the one the shop is called at, the one the customer returns to, and which of them may be named.

Queries are encoded as browsers do it (the WHATWG's application/x-www-form-urlencoded).
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit, urlunsplit

from kvitt.checkout.model.session import Session
from kvitt.core.ids import is_test_account


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


def return_target(session: Session, error: str | None, base_url: str) -> str:
    """Where the customer goes: the shop's return URL, its own parameters kept in place, ours after them.

    An app that asked to get the customer first (channel `in_app`, `initial_recipient=merchant` on its URL) may do so
    before all is known: `payment_return_url` leads on when it is. `base_url`: of the pages, without a slash at the end.
    """
    if not session.url.return_url:  # the shop paid by itself: no customer has anywhere to go
        return f"{base_url}/v1/view/{session.id}"
    parameters: dict[str, str] = {}
    if session.transaction_id is not None:
        parameters["transaction_id"] = session.transaction_id
    parameters["session_id"] = session.id
    parameters["merchant_reference"] = session.order.merchant_reference
    if error is not None:
        parameters["error"] = error
    parts = urlsplit(session.url.return_url)
    in_app = session.configuration is not None and session.configuration.channel == "in_app"
    if in_app and dict(parse_qsl(parts.query)).get("initial_recipient") == "merchant":
        parameters["payment_return_url"] = f"{base_url}/v1/view/{session.id}/return"
    own = [piece for piece in parts.query.split("&") if piece and piece.partition("=")[0] not in parameters]
    added = [f"{form_encode(name)}={form_encode(value)}" for name, value in parameters.items()]
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "&".join(own + added), parts.fragment))


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
