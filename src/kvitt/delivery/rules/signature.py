"""`Dintero-Signature`: HMAC-SHA256 over time, account, method and URL, so that a shop knows who calls.

    Dintero-Signature: t=<unix seconds>,v0-hmac-sha256=<hex>
    signed text:       <t>\\n<account_id>\\n<METHOD>\\n<hostname>\\n<pathname>\\n<query>

The parts of the URL are those that JavaScript's `URL` shows: the host in lower case without port, the path
percent-encoded, the parameters sorted (by UTF-16 code units) and form-encoded, a space as `+`. The body is not signed.
Receivers allow five minutes either way.

Whether equal names keep their order or are sorted by their values, receivers differ in. So what is sent is sorted by
name and value already, and both find the same text.
"""

from __future__ import annotations

import hmac
from urllib.parse import SplitResult, parse_qsl, quote, quote_plus, urlsplit

_PATH_SAFE = "!$%&'()*+,-./:;=@[]_|~\\"  # what the WHATWG path encode set leaves alone


def sign(secret: str, account_id: str, method: str, url: str, time: int) -> str:
    """The header's value. `url` is the one that is sent (see `normalised`), `time` unix seconds."""
    text = signed_text(account_id, method, url, time)
    return f"t={time},v0-hmac-sha256={hmac.new(secret.encode(), text.encode(), 'sha256').hexdigest()}"


def signed_text(account_id: str, method: str, url: str, time: int) -> str:
    parts = urlsplit(normalised(url))
    return "\n".join((str(time), account_id, method, _hostname(parts), parts.path, parts.query))


def normalised(url: str) -> str:
    """The URL as a browser's `URL` and `URLSearchParams` would write it: what is sent is what is signed.

    Parameters are sorted by name and value. A fragment is dropped. Raises ValueError for what is not an absolute
    http(s) URL.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("not an absolute http or https URL")
    userinfo, at, _ = parts.netloc.rpartition("@")
    port = "" if parts.port in (None, 443 if parts.scheme == "https" else 80) else f":{parts.port}"
    path = _without_dots(quote(parts.path.replace("\\", "/"), safe=_PATH_SAFE))
    query = _form_encoded(sorted(parse_qsl(parts.query, keep_blank_values=True), key=_code_units))
    return f"{parts.scheme}://{userinfo}{at}{_hostname(parts)}{port}{path}{'?' if query else ''}{query}"


def _hostname(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if ":" in host:
        return f"[{host}]"
    return host if host.isascii() else host.encode("idna").decode()


def _code_units(pair: tuple[str, str]) -> tuple[bytes, bytes]:
    """JavaScript compares texts so, which differs from Python's order beyond the basic plane."""
    return pair[0].encode("utf-16-be", "surrogatepass"), pair[1].encode("utf-16-be", "surrogatepass")


def _form_encoded(pairs: list[tuple[str, str]]) -> str:
    return "&".join(f"{_form_part(name)}={_form_part(value)}" for name, value in pairs)


def _form_part(text: str) -> str:
    return quote_plus(text, safe="*").replace("~", "%7E")


def _without_dots(path: str) -> str:
    """`.` and `..` (also as %2e) resolved, as every HTTP client does before sending."""
    kept: list[str] = []
    segments = path.split("/")[1:] or [""]
    for place, segment in enumerate(segments):
        plain = segment.lower().replace("%2e", ".")
        last = place == len(segments) - 1
        if plain == "..":
            del kept[-1:]
        elif plain != ".":
            kept.append(segment)
            continue
        if last:
            kept.append("")
    return "/" + "/".join(kept)
